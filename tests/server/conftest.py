"""A server of a few samples, asked in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from scopeview.server.allowed_paths import AllowedPaths
from scopeview.server.app import create_app
from scopeview.workspace import Workspace
from tests.places import SAMPLES
from tests.server.live import Live, serving


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """A client of a server that may open any sample."""
    app = create_app(Workspace(), AllowedPaths(roots=[str(SAMPLES)]))
    with TestClient(app, base_url="http://127.0.0.1") as found:
        yield found


@pytest.fixture
def live() -> Iterator[Live]:
    """A server of the samples that is asked over sockets."""
    with serving([str(SAMPLES)]) as found:
        yield found
