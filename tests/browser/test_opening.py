"""Opening, closing and losing artifacts from within the page."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.browser.test_page import Serve, opened, view
from tests.places import BROKEN, SAMPLES

CHECKPOINT = [SAMPLES / f"m32_after.ckpt{suffix}" for suffix in (".index", ".data-00000-of-00001")]


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(SAMPLES / "m17_gan.meta", SAMPLES / "m33_renamed.meta", SAMPLES / "m33_original.ckpt")


def models(page: Page) -> list[str]:
    return [text.strip() for text in page.get_by_label("Model").locator("option").all_inner_texts()]


def drop(page: Page, *paths: Path) -> None:
    """Drop files on the page as a hand does: the transfer that a drag carries, made in the page."""
    files = [{"name": path.name, "content": base64.b64encode(path.read_bytes()).decode()} for path in paths]
    transfer = page.evaluate_handle(
        """files => { const transfer = new DataTransfer();
        for (const { name, content } of files)
            transfer.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name));
        return transfer; }""",
        files,
    )
    page.dispatch_event("body", "dragover", {"dataTransfer": transfer})
    expect(page.get_by_text("drop to open")).to_be_visible()
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})


def test_the_files_of_a_checkpoint_that_are_dropped_are_one_model(page: Page, url: str) -> None:
    opened(page, url)
    before = models(page)
    drop(page, *CHECKPOINT)

    expect(page.locator(".summary")).to_contain_text("28 variables")
    expect(page.get_by_role("region", name="Map")).to_contain_text("A checkpoint has no graph")
    assert models(page) == [*before, "m32_after.ckpt"]
    page.get_by_role("button", name="close this artifact").click()
    expect(page.get_by_label("Model").locator("option")).to_have_count(len(before))
    expect(page.locator(".summary")).to_contain_text("397 ops")


def test_what_is_dropped_on_a_diff_becomes_its_other_side(page: Page, url: str) -> None:
    opened(page, url)
    page.get_by_label("Model").select_option(label="m33_renamed.meta")
    view(page, "Diff")
    expect(page.get_by_label("side B").locator("option:checked")).to_have_text("m17_gan.meta")
    drop(page, *CHECKPOINT)

    expect(page.get_by_label("side B").locator("option:checked")).to_have_text("m32_after.ckpt")
    expect(page.get_by_label("side A").locator("option:checked")).to_have_text("m33_renamed.meta")
    expect(page.locator(".chips")).to_contain_text("only in the ")


def test_what_cannot_be_read_says_why_and_can_be_put_away(page: Page, url: str) -> None:
    opened(page, url)
    before = models(page)
    drop(page, BROKEN / "prose.pbtxt")

    expect(page.get_by_role("alert")).to_contain_text("prose.pbtxt")
    page.get_by_role("button", name="close it, and go back").click()
    expect(page.locator(".tree .row").first).to_be_visible()
    assert models(page) == before


def test_a_path_under_a_root_is_opened(page: Page, tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    shutil.copy(SAMPLES / "m05_reuse.meta", tmp_path / "deep" / "er" / "model.meta")
    with served("--root", str(tmp_path)) as address:
        page.goto(address)
        page.get_by_role("button", name="open…").last.click()
        dialog = page.get_by_role("dialog", name="Open")
        page.keyboard.press("Tab")
        assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")
        for name in (f"{tmp_path}/", "deep/", "er/"):
            dialog.get_by_role("button", name=name, exact=True).click()
        expect(dialog.get_by_role("button", name="model.meta")).to_be_visible()
        dialog.get_by_role("button", name=f"‹ {tmp_path}/deep/").click()
        expect(dialog.get_by_role("button", name="er/")).to_be_visible()
        dialog.get_by_label("path under a served folder").fill("deep/nothing.meta")
        dialog.get_by_role("button", name="open", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("does not exist")

        page.get_by_role("button", name="open…").last.click()
        dialog.get_by_label("path under a served folder").fill("deep/er/model.meta")
        page.keyboard.press("Enter")
        expect(page.locator(".summary")).to_contain_text("14 ops")
        expect(dialog).to_have_count(0)
        page.goto("about:blank")  # away from what is closed next


def test_a_file_that_changes_is_offered(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "model.meta"
    shutil.copy(SAMPLES / "m17_gan.meta", path)
    with served(str(path)) as address:
        opened(page, address)
        shutil.copy(SAMPLES / "m05_reuse.meta", path)
        expect(page.get_by_text("The file has changed since it was read.")).to_be_visible()
        page.get_by_role("button", name="read it again").click()
        expect(page.locator(".summary")).to_contain_text("14 ops")
        page.goto("about:blank")  # away from what is closed next


def test_the_way_back_to_a_view_asks_nothing_until_the_file_was_read_again(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "model.meta"
    shutil.copy(SAMPLES / "m17_gan.meta", path)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.partition("/api/")[2].partition("?")[0]))

    def visit(view: str) -> list[str]:
        asked.clear()
        page.get_by_role("button", name=view, exact=True).click()
        expect(page.get_by_role("region", name=view).locator(".line, .verdict").first).to_be_visible()
        return sorted(one.rpartition("/")[2] for one in asked if one.endswith(("/variables", "/lint")))

    with served(str(path)) as address:
        opened(page, address)
        assert (visit("Variables"), visit("Lint")) == (["variables", "variables"], ["lint"])
        assert (visit("Variables"), visit("Lint")) == ([], [])
        shutil.copy(SAMPLES / "m05_reuse.meta", path)
        page.get_by_role("button", name="read it again").click()
        expect(page.locator(".summary")).to_contain_text("14 ops")
        assert visit("Variables") == ["variables", "variables"]
        page.goto("about:blank")  # away from what is closed next


def test_a_file_that_is_gone_says_so_and_is_tried_again(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()  # its console speaks of questions that were on their way when the file went, rightly
    page.set_default_timeout(PATIENCE_MS)
    path = tmp_path / "model.meta"
    shutil.copy(SAMPLES / "m17_gan.meta", path)
    try:
        with served(str(path)) as address:
            opened(page, address)
            path.unlink()
            page.get_by_role("button", name="read it again").click()
            expect(page.get_by_role("alert")).to_contain_text("does not exist")
            shutil.copy(SAMPLES / "m17_gan.meta", path)
            page.get_by_role("button", name="try again").click()
            expect(page.locator(".summary")).to_contain_text("397 ops")
    finally:
        page.close()


def test_of_several_things_at_a_path_one_is_chosen(page: Page, serve: Serve) -> None:
    page.goto(serve(SAMPLES / "m29_two_tag_sets"))
    expect(page.get_by_text("It holds 2 MetaGraphs, identified by their tags. Which one?")).to_be_visible()
    page.get_by_role("button", name="serve").click()

    expect(page.locator(".summary")).to_contain_text("tags serve")
    assert models(page) == ["m29_two_tag_sets [saved_model.pb] [serve]"]


def test_of_a_folder_that_is_sent_one_tag_set_is_chosen(page: Page, url: str) -> None:
    opened(page, url)
    page.get_by_role("button", name="open…").click()
    page.get_by_label("a folder").set_input_files(SAMPLES / "m29_two_tag_sets")
    page.get_by_role("button", name="train").click()

    expect(page.locator(".summary")).to_contain_text("tags train")
    page.get_by_role("button", name="close this artifact").click()
    expect(page.locator(".summary")).to_contain_text("ops")


def test_what_else_a_folder_holds_is_opened_from_it(page: Page, serve: Serve, tmp_path: Path) -> None:
    for name in ("m05_reuse.meta", "m33_original.ckpt.index", "m33_original.ckpt.data-00000-of-00001"):
        shutil.copy(SAMPLES / name, tmp_path / name)
    page.goto(serve(tmp_path))
    expect(page.locator(".summary")).to_contain_text("6 variables")
    page.get_by_label("also here").select_option("m05_reuse.meta")

    expect(page.locator(".summary")).to_contain_text("14 ops")
    expect(page.get_by_label("Model").locator("option")).to_have_count(2)


def test_a_server_that_is_gone_and_comes_back(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()  # its console speaks of every request that fails, rightly
    page.set_default_timeout(PATIENCE_MS)
    try:
        with served(str(SAMPLES / "m18_missed_sharing.meta")) as address:
            opened(page, address)
            port = address.rstrip("/").rpartition(":")[2]
        view(page, "Lint")
        expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
        with served("--port", port, str(SAMPLES / "m18_missed_sharing.meta")):
            expect(page.get_by_role("alert")).to_have_count(0)
            expect(page.locator(".rule")).to_contain_text(["G2 missed-sharing"])
            expect(page.locator(".tree .row").first).to_be_visible()
    finally:
        page.close()


def test_lint_compares_a_graph_with_a_checkpoint_that_is_open(page: Page, serve: Serve, url: str) -> None:
    opened(page, url, view="lint")  # three are open, and which belongs to which is not sure
    page.get_by_label("Model").select_option(label="m33_renamed.meta")
    expect(page.get_by_label("checkpoint to restore").locator("option:checked")).to_have_text("no checkpoint")

    opened(page, serve(SAMPLES / "m33_renamed.meta", SAMPLES / "m33_original.ckpt"), view="lint")
    expect(page.get_by_label("checkpoint to restore").locator("option:checked")).to_have_text("m33_original.ckpt")
    expect(page.locator(".chip.error")).to_have_text("1 error")
    page.get_by_label("checkpoint to restore").select_option(label="no checkpoint")
    expect(page.locator(".chip.error")).to_have_text("0 errors")


class served:  # noqa: N801 - used as a function
    """A server that ends with the block."""

    def __init__(self, *arguments: str) -> None:
        self._command = [sys.executable, "-m", "scopeview", "serve", "--no-open", "--import-up-to", "0", *arguments]

    def __enter__(self) -> str:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        printed = re.search(r"http://127\.0\.0\.1:\d+/", self._process.stdout.readline())
        assert printed is not None
        return printed[0]

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
