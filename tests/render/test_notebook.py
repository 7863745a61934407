"""What a notebook shows of a model and of answers: escaped, bounded, balanced, and the page in a frame."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

import pytest

import scopeview
from scopeview.errors import QueryError, ScopeviewError
from scopeview.render.notebook import as_rows
from tests.graphs import model_from_text
from tests.places import ROOT, SAMPLES

GAN = scopeview.load(SAMPLES / "m17_gan.meta")
BOTH = scopeview.diff(scopeview.load(SAMPLES / "m33_original.ckpt"), scopeview.load(SAMPLES / "m33_renamed.meta"))


class Balance(HTMLParser):
    """Counts what is open, and gathers what is no tag."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.tags.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(html: str) -> Balance:
    page = Balance()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


def test_answers_show_themselves() -> None:
    shown = {name: parsed(value._repr_html_()) for name, value in _shown().items()}

    text = {name: " ".join(page.text) for name, page in shown.items()}
    assert "discriminator/" in text["model"]
    assert "inputs" in text["model"]
    assert "4 of 8 variables used at several places" in text["sharing"]
    assert "re-entry" in text["sharing"]
    assert "model/" in text["diff"]
    plain = {"b", "br", "small", "div", "details", "summary", "table", "tr", "td", "th"}
    assert all(page.tags <= plain for page in shown.values())
    for value in _shown().values():
        assert value._repr_markdown_().strip()
        assert len(repr(value)) < 300


def _shown() -> dict[str, scopeview.Model]:
    return {"model": GAN, "sharing": scopeview.sharing(GAN), "diff": BOTH}  # type: ignore[dict-item]


def test_names_are_no_markup() -> None:
    name = "<script>alert(1)</script>"
    model = model_from_text(f"{name}/w  VariableV2  shape=3")
    page = parsed(model._repr_html_())

    assert "script" not in page.tags
    assert "<script>" not in model._repr_markdown_().replace(f"`{name}", "")


def test_rows_are_those_of_the_answers() -> None:
    rows = as_rows(scopeview.inspect(GAN))

    assert [row["name"] for row in rows] == list(GAN.variables.names)
    assert {row["call_site"] for row in as_rows(scopeview.sharing(GAN))} >= {"discriminator_1/hidden"}
    assert [row["status"] for row in as_rows(BOTH)] == [entry.status for entry in BOTH.entries]


def test_a_dataframe_needs_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ScopeviewError, match="pip install pandas"):
        GAN.to_dataframe()


def test_the_page_stands_in_a_frame_and_needs_its_token() -> None:
    view = scopeview.view(GAN, height=500)
    try:
        address = view.address.replace("localhost", "127.0.0.1")
        assert f'src="{view.address}"' in view._repr_html_()
        assert 'height="500"' in view._repr_html_()
        server, token = address.rstrip("/").rsplit("/", 1)
        with urllib.request.urlopen(f"{address}api/models") as answer:
            assert [Path(model["path"]).name for model in json.load(answer)] == ["m17_gan.meta"]
            assert "frame-ancestors http://127.0.0.1:* http://localhost:*" in answer.headers["content-security-policy"]
        for path in ("api/models", f"{token}", f"{token[:-1]}/api/models", f"x/{token}/api/models"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{server}/{path}")
            assert refused.value.code == 401
            refused.value.close()
    finally:
        view.close()
    assert not view._thread.is_alive()


def test_a_live_graph_has_no_page() -> None:
    from dataclasses import replace

    live = replace(GAN, origin=replace(GAN.origin, format="live_graph"))
    with pytest.raises(QueryError, match="export_meta_graph"):
        scopeview.view(live)


CELLS = (
    "import scopeview; model = scopeview.load(PATH); model",
    "scopeview.sharing(model)",
    "model.to_dataframe().shape",
    "view = scopeview.view(model); view",
    "view.close()",
)


def test_a_notebook_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("nbclient", "ipykernel", "pandas"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    from nbclient import NotebookClient
    from nbformat import v4

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *filter(None, sys.path)]))
    cells = [v4.new_code_cell(f"PATH = {str(SAMPLES / 'm17_gan.meta')!r}"), *map(v4.new_code_cell, CELLS)]
    NotebookClient(v4.new_notebook(cells=cells), timeout=120).execute()

    model, shared, table, view = (cell.outputs[0].data for cell in cells[1:5])
    assert "<summary>discriminator/" in model["text/html"]
    assert "4 of 8" in shared["text/html"]
    assert table["text/plain"].startswith(f"({len(GAN.variables)}, ")
    assert "<iframe src=" in view["text/html"]
