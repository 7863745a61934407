"""A real server, and Debian's Chromium over it; any error on its console, and any request elsewhere, fails a test."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from scopeview.server.pages import static_folder

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NO_BROWSER = "no Chromium here: install Debian's package chromium, or run make test as root, which does"
NOT_BUILT = "the page was not built: pip install -e . builds it"


PATIENCE_MS = 120_000
"""How long a test waits for a condition: long, for a machine that does much else; only a test that fails takes it."""

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip(NO_BROWSER)
    if static_folder() is None:
        pytest.skip(NOT_BUILT)
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield found
        found.close()


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., str]]:
    """Start servers of paths; returns the address of each. What is imported through TensorFlow is asked for."""
    running: list[subprocess.Popen[str]] = []

    def start(*paths: Path) -> str:
        command = [sys.executable, "-m", "scopeview", "serve", "--no-open", "--import-up-to", "0", *map(str, paths)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert address is not None
        return address[0]

    yield start
    for process in running:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose console must stay quiet, and which may ask its own server alone."""
    with quiet_page(browser) as (found, problems):
        yield found
    assert problems == []


@contextmanager
def quiet_page(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """Open a page of its own; the list grows by what its console says, and by what it asks elsewhere."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    found = context.new_page()
    found.set_default_timeout(PATIENCE_MS)
    problems: list[str] = []
    found.on(
        "console", lambda message: problems.extend([_said(message)] if message.type in ("error", "warning") else ())
    )
    found.on("pageerror", lambda error: problems.append(str(error)))
    found.on("request", lambda request: problems.extend([f"asked {request.url}"] if _is_elsewhere(request.url) else ()))
    yield found, problems
    context.close()


def _said(message: ConsoleMessage) -> str:
    """What a message says, and where: of an answer with an error status the text does not name the address."""
    return f"{message.text} ({message.location['url']})"


def _is_elsewhere(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "blob:", "data:"))
