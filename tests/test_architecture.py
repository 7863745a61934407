"""The house stays as it was meant: sizes, mirrored tests, no recursion, one catch."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import BROKEN, ROOT, SAMPLES

SOURCES = sorted((ROOT / "scopeview").rglob("*.py"))
ALL = [
    *SOURCES,
    *sorted((ROOT / "tests").rglob("*.py")),
    *sorted((ROOT / "sample_graphs").rglob("*.py")),
    *sorted((ROOT / "benchmarks").rglob("*.py")),
    *sorted((ROOT / "docs").rglob("*.py")),
]

MAX_FILE, MAX_MEDIAN, MAX_FUNCTION, MAX_NESTING = 400, 120, 60, 4
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def nesting(function: ast.AST) -> int:
    """Deepest nesting of blocks; an `elif` is no deeper than its `if`."""
    deepest, stack = 0, [(function, 0)]
    while stack:
        node, depth = stack.pop()
        for child in ast.iter_child_nodes(node):
            is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse
            below = depth + (isinstance(child, BLOCKS) and not is_elif)
            deepest = max(deepest, below)
            stack.append((child, below))
    return deepest


def test_files_are_short() -> None:
    lengths = {relative(path): len(path.read_text("utf-8").splitlines()) for path in ALL}

    assert {name: length for name, length in lengths.items() if length > MAX_FILE} == {}
    package = [length for name, length in lengths.items() if name.startswith("scopeview/")]
    assert statistics.median(package) <= MAX_MEDIAN


def test_functions_are_short_and_flat() -> None:
    long = {
        f"{relative(path)}:{f.name}": f.end_lineno - f.lineno + 1
        for path in ALL
        for f in functions(path)
        if f.end_lineno is not None and f.end_lineno - f.lineno + 1 > MAX_FUNCTION
    }
    deep = {
        f"{relative(path)}:{f.name}": nesting(f) for path in ALL for f in functions(path) if nesting(f) > MAX_NESTING
    }
    assert (long, deep) == ({}, {})


def test_no_module_is_a_bag() -> None:
    bags = {"utils", "util", "helpers", "helper", "common", "misc"}

    assert {relative(path) for path in ALL if path.stem in bags} == set()


RECURSION = {
    # Functions that call themselves, and what bounds the depth.
    ("scopeview/render/as_json.py", "plain"): "nesting of result types and of attributes, which protobuf limits to 100",
    ("scopeview/render/formats.py", "value_text"): "lists of attributes, one level",
}


def _calls(node: ast.AST, name: str) -> bool:
    """Whether a node calls a function of this name, or hands it on (`map(plain, ...)`)."""
    if not isinstance(node, ast.Call):
        return False
    is_map = isinstance(node.func, ast.Name) and node.func.id == "map"
    called = node.args[0] if is_map else node.func
    return isinstance(called, ast.Name) and called.id == name


def test_nothing_recurses_over_a_graph() -> None:
    """Functions that name themselves; `_scalar` and `decode_value` call each other down to a stated limit."""
    found = {
        (relative(path), function.name)
        for path in SOURCES
        for function in functions(path)
        if any(_calls(node, function.name) for node in ast.walk(function))
    }
    assert found == RECURSION.keys()


def test_the_tests_mirror_the_package() -> None:
    """A test file that is named after nothing in the package is in the wrong place, or stale."""
    stray = [
        relative(path)
        for path in (ROOT / "tests").glob("*/test_*.py")
        if path.parent.name != "browser"  # mirrors web/
        and not list((ROOT / "scopeview" / path.parent.name).rglob(f"{path.stem.removeprefix('test_')}*"))
    ]
    assert stray == []


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_no_private_place_is_named() -> None:
    """No absolute path of a machine and no address of a package registry stands in a file; samples hold names only."""
    machine = re.compile(rb"(?<![\w.-])/(work|root|tmp|home)/")
    registry = re.compile(rb"p[y]pi[.]org|n[p]mjs[.]org|python[h]osted[.]org")
    folders = ("scopeview", "fuzz", "tests", "docs", "web", "benchmarks", "sample_graphs", ".ci")
    files = [
        p
        for folder in folders
        for p in (ROOT / folder).rglob("*")
        if p.is_file() and not {"__pycache__", "node_modules"} & {*p.parts}
    ]
    files += [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith((".coverage", ".git"))]
    found = [
        relative(path)
        for path in files
        if registry.search(path.read_bytes()) or (_is_text(path) and machine.search(path.read_bytes()))
    ]
    assert found == []


def _is_text(path: Path) -> bool:
    return path.suffix in {".py", ".md", ".toml", ".txt", ".svg", ".yaml", ".pbtxt", ".html", ""} and (
        SAMPLES not in path.parents and BROKEN not in path.parents
    )
