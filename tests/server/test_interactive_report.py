"""A report with the page inside: one file that asks nobody, within its bound, in which no name is markup."""

from __future__ import annotations

import gzip
import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from scopeview.errors import QueryError, ScopeviewError
from scopeview.readers import read
from scopeview.server import report_answers
from scopeview.server.app import create_app
from scopeview.server.interactive_report import InteractiveReport, interactive_report
from scopeview.server.pages import static_folder
from scopeview.workspace import Workspace
from tests.graphs import graph_def_of_scopes

HOSTILE = ("</script><script>alert(1)</script>", "<!--<script>", "\u2028\u202e", "\"'&lt;", "a\nb")
BUILT = pytest.mark.skipif(static_folder() is None, reason="the page was not built: pip install -e . builds it")


def hostile_graph(folder: Path) -> Path:
    """Write a graph whose names, and that of its file, are markup."""
    path = folder / "<img src=x onerror=alert(2)>.pb"
    path.write_bytes(graph_def_of_scopes(HOSTILE))
    return path


class Scripts(HTMLParser):
    """The scripts of a page, by their ids; the policy, and what is named elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.by_id: dict[str, str] = {}
        self.policy = ""
        self.addresses: list[str] = []
        self._open: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        assert tag != "img"
        if tag == "script":
            self._open = known.get("id") or known["type"]
        self.addresses += [known[name] or "" for name in ("src", "href") if name in known]
        if known.get("http-equiv") == "Content-Security-Policy":
            self.policy = known["content"] or ""

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            assert self._open not in self.by_id
            self.by_id[self._open] = data


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    found = Workspace()
    found.add(read(str(hostile_graph(tmp_path_factory.mktemp("hostile")))))
    yield found
    found.shut_down()


@pytest.fixture(scope="module")
def report(workspace: Workspace) -> InteractiveReport:
    return interactive_report(workspace, static_folder(), most_bytes=8_000_000)


def answers_in(report: InteractiveReport) -> dict[str, bytes]:
    packed = b64decode(Scripts(report.html).by_id["answers"])
    lines = gzip.decompress(packed).splitlines()
    return {question.decode(): answer for question, _, answer in (line.partition(b"\t") for line in lines)}


@BUILT
def test_no_name_is_markup_and_the_policy_allows_what_was_built_alone(report: InteractiveReport) -> None:
    found = Scripts(report.html)

    static = static_folder()
    assert static is not None
    script = (static / "app.js").read_text("utf-8")
    assert set(found.by_id) == {"about", "engine", "answers", "module"}
    assert found.by_id["module"] == script
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in found.policy
    assert found.policy.startswith("default-src 'none';")
    assert "unsafe" not in found.policy
    assert [address.partition(":")[0] for address in found.addresses] == ["data"]
    assert "alert(" not in report.html.replace(script, "").replace("onerror=alert(2)&gt;", "")


@BUILT
def test_answers_are_those_of_the_server(workspace: Workspace, report: InteractiveReport) -> None:
    answers = answers_in(report)

    assert len(answers) == report.answers
    assert report.left_out == ""
    with TestClient(create_app(workspace), base_url="http://localhost") as client:
        for question in ("summary", "card", "tree", "graph", "map", "variables", "show", "lint", "graph/edges"):
            key = next(key for key in answers if json.loads(key)[0].endswith(f"/{question}"))
            path, parameters = json.loads(key)
            assert client.get(f"/api/{path}", params=[tuple(pair) for pair in parameters]).content == answers[key]
    shown = {dict(json.loads(key)[1]).get("name") for key in answers}
    assert {f"{name}/w" for name in HOSTILE} <= shown


@BUILT
def test_what_has_no_room_is_counted_and_the_file_keeps_its_bound(
    workspace: Workspace, report: InteractiveReport
) -> None:
    packed = len(Scripts(report.html).by_id["answers"])
    bound = len(report.html) - packed // 3

    cut = interactive_report(workspace, static_folder(), most_bytes=bound)
    assert bound - packed // 3 < len(cut.html) <= bound
    assert cut.left_out.startswith("at least ")
    assert cut.left_out in b64decode(Scripts(cut.html).by_id["about"]).decode()
    assert "to stay below" in b64decode(Scripts(cut.html).by_id["about"]).decode()
    assert set(answers_in(cut)) < set(answers_in(report))
    with pytest.raises(QueryError, match=r"there is no room for the page itself; pass --size [12]$"):
        interactive_report(workspace, static_folder(), most_bytes=500_000)


@BUILT
def test_what_a_browser_cannot_hold_is_not_for_want_of_size(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_answers, "MOST_UNPACKED", 50_000)

    cut = interactive_report(workspace, static_folder(), most_bytes=64 << 20)

    assert (bool(cut.left_out), cut.is_full) == (True, False)
    assert "for a browser to hold the rest" in b64decode(Scripts(cut.html).by_id["about"]).decode()


def test_without_the_built_page_it_is_a_sentence(workspace: Workspace) -> None:
    with pytest.raises(ScopeviewError, match="needs the page, which was not built"):
        interactive_report(workspace, None, most_bytes=8_000_000)
