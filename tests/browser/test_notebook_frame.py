"""What `scopeview.view` puts into an output cell, in a page of another site, as 127.0.0.1 is for localhost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import Browser, expect

import scopeview
from tests.browser.conftest import PATIENCE_MS
from tests.places import SAMPLES


@contextmanager
def notebook(html: str) -> Iterator[str]:
    """A server of one page; a page that comes from nowhere may not show the loopback in Chromium."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            del format, arguments

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_the_page_is_shown_in_a_frame_that_has_no_cookies(browser: Browser) -> None:
    view = scopeview.view(scopeview.load(SAMPLES / "m17_gan.meta"))
    context = browser.new_context()
    try:
        with notebook(view._repr_html_()) as address:
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.goto(address)
            expect(page.frame_locator("iframe").get_by_text("discriminator").first).to_be_visible()
            with context.expect_page() as opened:
                page.get_by_role("link", name="open in a tab of its own").click()
            expect(opened.value.get_by_text("discriminator").first).to_be_visible()
            context.close()
    finally:
        view.close()
