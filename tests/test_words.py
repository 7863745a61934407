"""The texts keep to the glossary: no private word, American spelling, in documents, docstrings, help and messages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import ROOT

BANNED = {
    r"artefacts?": "artifact",
    r"\w*[io]nitialis\w*": "initialize",
    r"optimis\w*": "optimize",
    r"colou?rs?(?<!color)(?<!colors)": "color",
    r"behaviours?": "behavior",
    r"neighbours?": "neighbor",
    r"(normal|serial|recogn|summar|final)is\w*(?<!recognis)": "-ize",
    r"licence": "license",
    r"centre[ds]?": "center",
    r"tell(s|ing)? (of|with|one by one)": "report, list, show",
    r"told (with|as one|one by one|apart)": "listed with, shown as one",
    r"(are|is|was|were|be) told": "say, report, list",
    r"(sets?|setting) aside": "hide by role",
    r"kept for (it|them)": "auxiliary variable of",
    r"held against": "compared with",
    r"gives? way": "prefer",
    r"strangers": "unmatched",
    r"order alone": "control dependency",
    r"attachments?": "auxiliary variable",
    r"nothing like it": "missing",
}
ALLOWED = {
    # Where a word stands for itself.
    "docs/glossary.md": "lists the words",
    "scopeview/analysis/diff/matching/tokens.py": "variables are called so",
}
_CHECKED = re.compile("|".join(rf"(?:\b{pattern}\b)" for pattern in BANNED), re.IGNORECASE)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a file with their lines: a document whole, of a Python file every string."""
    content = path.read_text("utf-8")
    if path.suffix != ".py":
        yield from enumerate(content.splitlines(), 1)
        return
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


FILES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "scopeview").rglob("*.py"),
        *(path for path in (ROOT / "web" / "src").rglob("*.ts*") if path.name != "schema.ts"),
    ]
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_words_are_those_of_the_glossary(path: Path) -> None:
    if str(path.relative_to(ROOT)) in ALLOWED:
        return
    found = [f"line {line}: {match[0]!r}" for line, text in texts(path) for match in _CHECKED.finditer(text)]

    assert found == []


UNNAMED = {
    "told",
    "tells",
    "aside",
    "attachment",
    "attachments",
    "strangers",
    "fate",
    "heir",
    "story",
    "artefact",
    "optimiser",
    "initialiser",
    "colour",
    "behaviour",
    "neighbour",
}
"""Parts of names that the glossary has other words for, and British spellings."""


def named(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what a file defines or binds: functions, classes, arguments and variables, with their lines."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


@pytest.mark.parametrize("folder", ["scopeview", "tests", "docs", "benchmarks", "fuzz", "sample_graphs"])
def test_names_in_the_code_are_those_of_the_glossary(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in (ROOT / folder).rglob("*.py")
        for line, name in named(path)
        if UNNAMED & set(re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower().split("_"))
    ]

    assert found == []


def test_the_words_are_found() -> None:
    """Each pattern fits what it bans, and none fits what is meant."""
    wrong = "artefact initialiser optimiser colour behaviour neighbour normalise centre strangers"
    assert len(_CHECKED.findall(wrong)) == len(wrong.split())
    assert _CHECKED.findall("artifact initializer optimizer color colors behavior neighbor normalize analysis") == []
    assert _CHECKED.search("slots are told with their variables")
