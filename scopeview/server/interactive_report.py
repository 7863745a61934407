"""`scopeview report --interactive`: the page and its answers in one HTML file, which asks nothing of anybody.

The script and the style sheet stand in the file as they were built, named by their hashes in its policy, which allows
no other and no request. The answers and the layout engine are packed as base64: no name of a model is markup there.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import shlex
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

from markupsafe import Markup

from scopeview import __version__
from scopeview.errors import QueryError, ScopeviewError
from scopeview.render.as_json import dumps
from scopeview.render.formats import bytes_text, count, printable
from scopeview.server.app import create_app
from scopeview.server.error_responses import environment
from scopeview.server.report_answers import RecordedAnswers, record
from scopeview.server.report_questions import ModelQuestions, Question, question, questions_of_pair
from scopeview.workspace import Workspace

_KINDS = {
    "graph": "pictures of opened scopes and groups",
    "tree": "levels of the trees",
    "show": "names of ops, scopes and variables",
    "edges": "lists of edges",
    "find": "lists of names to search",
}
_LEAST_FOR_ANSWERS = 4000
"""Bytes: with less there is no first picture."""
_SPARE = 1000
"""Bytes for the sentence that says what was left out."""
_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class AboutReport:
    """What the page says of the report that it is in."""

    sentences: tuple[str, ...]
    """What it is of, and what it leaves out."""
    command: str
    """What shows all of it."""


@dataclass(frozen=True, slots=True)
class InteractiveReport:
    """A report as it is written."""

    html: str
    answers: int
    """How many questions of the page it answers."""
    left_out: str
    """What had no room, as a phrase; empty if everything had."""
    is_full: bool
    """Whether a larger file would have room for more of it."""


def interactive_report(
    workspace: Workspace, static: Path | None, *, most_bytes: int, date: str = ""
) -> InteractiveReport:
    """Write the page on the models of a workspace, which have been read, into one file.

    Args:
        workspace: the models; the first is shown at first.
        static: the folder of the built page; None where it was not built.
        most_bytes: how large the file may get.
        date: when it is written; today by default.

    Raises:
        ScopeviewError: the page was not built.
        QueryError: the page alone would be larger than the file may get.
    """
    if static is None:
        raise ScopeviewError(
            "an interactive report needs the page, which was not built: pip install . in a checkout builds it; "
            "without --interactive the report needs nothing"
        )
    frame = _Frame.of(static)
    names = [Path(one.path).name for one in workspace.models()]
    about = AboutReport(
        (f"A report of {names[0]}, {date or datetime.now(tz=UTC).date().isoformat()}, by scopeview {__version__}.",),
        f"scopeview serve {shlex.join(names)}",
    )
    taken = len(frame.html(names[0], about, b""))
    room = (most_bytes - taken) * 3 // 4 - _SPARE
    if room < _LEAST_FOR_ANSWERS:
        least = -(-(taken + 10 * _LEAST_FOR_ANSWERS) // _MEGA)
        raise QueryError(f"in {bytes_text(most_bytes)} there is no room for the page itself; pass --size {least}")
    with ThreadPoolExecutor(1) as thread:  # where a loop runs already, as in a notebook, it is left alone
        recorded = thread.submit(lambda: asyncio.run(_recorded(workspace, room))).result()
    left_out = _phrase(recorded.left_out)
    if left_out:
        why = f"to stay below {bytes_text(most_bytes)}" if recorded.is_full else "for a browser to hold the rest"
        sentence = f"Left out, {why}: {left_out}."
        about = AboutReport((*about.sentences, sentence), about.command)
    return InteractiveReport(frame.html(names[0], about, recorded.packed), recorded.held, left_out, recorded.is_full)


async def _recorded(workspace: Workspace, most_bytes: int) -> RecordedAnswers:
    """Ask what the page asks of each model, and of each pair of them."""
    by_model = {
        f"models/{one.id}/": ModelQuestions(one.id, has_graph=one.ops > 0, has_values=one.holds_values)
        for one in workspace.models()
    }

    def first() -> Iterator[Question]:
        yield question("models")
        for asking in by_model.values():
            yield from asking.first()
        for a, b in permutations([one.id for one in workspace.models()], 2):
            yield from questions_of_pair(a, b)

    def following(asked: Question, answer: Any) -> Iterator[Question]:
        for start, asking in by_model.items():
            if asked.path.startswith(start):
                yield from asking.after(asked, answer)

    return await record(create_app(workspace), first(), following, most_bytes)


def _phrase(left_out: Counter[str]) -> str:
    """Say what had no room: `at least 12 pictures of opened scopes, 1,204 names`."""
    kinds = Counter[str]()
    for kind, number in left_out.items():
        kinds[_KINDS.get(kind, "other answers")] += number
    parts = [f"{count(kinds[words])} {words}" for words in (*_KINDS.values(), "other answers") if kinds[words]]
    return f"at least {', '.join(parts)}" if parts else ""


@dataclass(frozen=True, slots=True)
class _Frame:
    """The page as it was built."""

    script: str
    style: str
    engine: bytes
    icon: str

    @staticmethod
    def of(static: Path) -> _Frame:
        """Read it."""
        return _Frame(
            (static / "app.js").read_text("utf-8"),
            (static / "app.css").read_text("utf-8"),
            gzip.compress((static / "elk-worker.min.js").read_bytes(), 9, mtime=0),
            b64encode((static / "icon.svg").read_bytes()).decode(),
        )

    def html(self, title: str, about: AboutReport, answers: bytes) -> str:
        """Write the file; what a script or a style sheet ends with stands in neither, as the build makes sure of."""
        policy = {
            "default-src": "'none'",
            "script-src": _hash_of(self.script),
            "style-src": _hash_of(self.style),
            "img-src": "data: blob:",
            "worker-src": "blob:",
            "base-uri": "'none'",
            "form-action": "'none'",
        }
        return (
            environment()
            .get_template("report.html")
            .render(
                title=printable(title),
                policy="; ".join(f"{name} {value}" for name, value in policy.items()),
                icon=self.icon,
                style=Markup(self.style),
                script=Markup(self.script),
                about=b64encode(dumps(about, indent=None).encode()).decode(),
                engine=b64encode(self.engine).decode(),
                answers=b64encode(answers).decode(),
            )
        )


def _hash_of(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
