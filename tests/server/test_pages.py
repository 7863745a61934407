"""Pages without script: what is open, and refusals that a person reads."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from scopeview.server.app import create_app
from scopeview.server.security import Access
from scopeview.workspace import Workspace
from tests.places import SAMPLES

BROWSER = {"accept": "text/html,application/xhtml+xml"}


def test_what_is_open_is_listed_with_its_state() -> None:
    workspace = Workspace()
    good, bad = workspace.open(str(SAMPLES / "m05_reuse.meta")), workspace.open("<b>nowhere</b>.meta")
    workspace.context(good)
    with TestClient(create_app(workspace), base_url="http://127.0.0.1") as client:
        page = client.get("/workspace").text

    assert f'href="./?model={good}"' in page
    assert f'href="./?model={bad}"' in page
    assert "&lt;b&gt;nowhere&lt;/b&gt;.meta does not exist" in page
    assert "<b>" not in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/nowhere", 404, "there is nothing at /nowhere"),
        ("/static/none.js", 404, "there is nothing at /static/none.js"),
        ("/api/models/zzz/tree", 404, "no model &#39;zzz&#39; is open"),
    ],
)
def test_a_refusal_is_a_page_for_a_browser_and_json_for_a_program(
    client: TestClient, path: str, status: int, sentence: str
) -> None:
    page, program = client.get(path, headers=BROWSER), client.get(path)

    assert (page.status_code, program.status_code) == (status, status)
    assert page.headers["content-type"].startswith("text/html")
    assert sentence in page.text
    assert sentence.replace("&#39;", "'") in program.json()["error"]


def test_whoever_lacks_the_token_reads_where_to_find_it() -> None:
    client = TestClient(create_app(Workspace(), access=Access(token="secret")), base_url="http://127.0.0.1")

    page = client.get("/", headers=BROWSER)

    assert page.status_code == 401
    assert "open the address that scopeview printed" in page.text
    assert "secret" not in page.text
