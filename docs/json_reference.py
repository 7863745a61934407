"""docs/json.md: every type that `--json` prints, generated from the result dataclasses.

The meaning of a field is the docstring below it, or its line under `Attributes:` in the docstring of the class, or what
json_fields.toml says. A field without any fails `tests/test_docs.py`.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
import sys
import textwrap
import tomllib
import types
import typing
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

ANSWERS = (
    ("scopeview inspect PATH --json", "analysis.answers.inspect", "Inspection"),
    ("scopeview show PATH NAME --json", "analysis.answers.show", "Detail"),
    ("scopeview find PATH QUERY --json", "analysis.answers.find", "FindResult"),
    ("scopeview find PATH QUERY --columns KEYS --json", "analysis.answers.variables", "VariableTablePage"),
    ("scopeview sharing PATH [VARIABLE] --json", "analysis.answers.sharing", "SharingReport"),
    ("scopeview collections PATH [NAME] --json", "analysis.answers.collections", "CollectionsReport"),
    ("scopeview values PATH [QUERY] --json", "analysis.answers.values", "ValuesReport"),
    ("scopeview fleet PATTERN... --json", "analysis.answers.fleet", "FleetReport"),
    ("scopeview costs PATH --json", "analysis.answers.costs", "CostReport"),
    ("scopeview lint PATH [CHECKPOINT] --json", "analysis.lint.run", "LintReport"),
    ("scopeview report PATH [CHECKPOINT] --json", "analysis.report", "ModelReport"),
    ("scopeview diff A B --json", "analysis.diff.report", "DiffReport"),
    ("scopeview convert A --to OUT --json", "analysis.convert", "ConvertPlan"),
    ("scopeview trace SCRIPT --json", "analysis.answers.trace", "TraceReport"),
    ("scopeview export PATH --format json", "analysis.graph_view.expanded", "WholeGraph"),
)

_MEANINGS = tomllib.loads((ROOT / "docs" / "json_fields.toml").read_text("utf-8"))


_COUNTED = ("same", "added", "removed", "changed", "renamed")

_HEAD = """# The JSON

`--json` prints one object per command. It begins with `schema_version` ({version}): fields may be added within a
version; a field that is renamed or removed, or whose meaning changes, raises it, and `CHANGELOG.md`
says so. Output is ASCII, in the order of the fields below. Numbers that JSON lacks (`nan`, `inf`) are strings.
`inspect --json` is never cut to a screen. The server's answers have the same types, without `schema_version`; its own
description is at `/api/openapi.json`.

Written by `make docs` from the dataclasses; the tests say when it is stale.
"""


def page() -> str:
    """Return docs/json.md."""
    from scopeview.render.as_json import SCHEMA_VERSION

    parts = [_HEAD.format(version=SCHEMA_VERSION)]
    seen: set[type] = set()
    for command, module, name in ANSWERS:
        root = getattr(importlib.import_module(f"scopeview.{module}"), name)
        parts += [f"## `{command}`", "", f'<a id="{name.lower()}"></a>', "", _first_paragraph(root), ""]
        for result in _reachable(root):
            if result in seen:
                continue
            seen.add(result)
            parts += _table(result, is_root=result is root)
        if root in seen and not parts[-1].startswith("|"):
            parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def results() -> list[type]:
    """Return every type that `--json` prints."""
    roots = [getattr(importlib.import_module(f"scopeview.{module}"), name) for _, module, name in ANSWERS]
    return list(dict.fromkeys(result for root in roots for result in _reachable(root)))


def undocumented() -> list[str]:
    """Return the fields of which nothing is said, as `Type.field`."""
    return [
        f"{result.__name__}.{field.name}"
        for result in results()
        for field in dataclasses.fields(result)
        if not _meaning(result, field.name)
    ]


def _table(result: type, *, is_root: bool) -> list[str]:
    hints = _hints(result)
    lines = [] if is_root else [f"### {result.__name__}", "", _first_paragraph(result), ""]
    lines += ["| field | type | meaning |", "|---|---|---|"]
    for field in dataclasses.fields(result):
        name = field.name.rstrip("_")
        lines.append(f"| `{name}` | {_type_text(hints[field.name])} | {_cell(_meaning(result, field.name))} |")
    return [*lines, ""]


def _reachable(root: type) -> Iterator[type]:
    """Yield a result type and every dataclass that its fields lead to, each once, in the order of the fields."""
    queue, seen = [root], {root}
    for result in queue:
        yield result
        for hint in _hints(result).values():
            for part in _dataclasses_in(hint):
                if part not in seen:
                    seen.add(part)
                    queue.append(part)


def _dataclasses_in(hint: object) -> Iterator[type]:
    queue = [hint]
    for one in queue:
        if isinstance(one, type) and dataclasses.is_dataclass(one):
            yield one
        queue += typing.get_args(one)


def _hints(result: type) -> dict[str, object]:
    hints = typing.get_type_hints(result)
    return {field.name: hints[field.name] for field in dataclasses.fields(result)}


def _type_text(hint: object) -> str:
    """Write a type as JSON has it: `list of number`, `object of text to number`, `text or null`."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return ", ".join(f"`{value or '(empty)'}`" for value in arguments)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(dict.fromkeys(_type_text(argument) for argument in arguments))
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    if isinstance(origin, type) and issubclass(origin, typing.Mapping):
        return f"object of {_type_text(arguments[0])} to {_type_text(arguments[1])}"
    if isinstance(origin, type) and issubclass(origin, typing.Collection):
        kinds = dict.fromkeys(_type_text(argument) for argument in arguments if argument is not Ellipsis)
        return f"list of {' and '.join(kinds)}"
    plain = {str: "text", int: "integer", float: "number", bool: "true or false", type(None): "null", bytes: "text"}
    return plain.get(hint, "any")  # type: ignore[call-overload, no-any-return]


def _meaning(result: type, field: str) -> str:
    own = _field_texts(result).get(field) or _MEANINGS["own"].get(f"{result.__name__}.{field}")
    return own or _MEANINGS["shared"].get(field.rstrip("_")) or _counts(field)


def _counts(field: str) -> str:
    """Say what `total_consumers` is: every list that may be cut has its length beside it."""
    if field in _COUNTED:
        return f"how many are {field}"
    if field[-2:] in ("_a", "_b"):
        return f"{field[:-2].replace('_', ' ')} on side {field[-1].upper()}"
    counted = field.removeprefix("total_").replace("_", " ")
    return f"how many {counted} there are, listed or not" if field.startswith("total_") else ""


def _field_texts(result: type) -> dict[str, str]:
    """Return the docstrings of fields: a string below the field, or a line under `Attributes:`."""
    texts: dict[str, str] = {}
    for base in reversed(result.__mro__):
        if not dataclasses.is_dataclass(base):
            continue
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(body, ast.ClassDef)
        name = ""
        for node in body.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                name = node.target.id
            elif name and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                texts[name], name = str(node.value.value), ""
        for line in re.findall(r"^ {4,}(\w+): (.+(?:\n {8,}.+)*)", inspect.getdoc(base) or "", re.MULTILINE):
            texts.setdefault(line[0], line[1])
    return texts


def _first_paragraph(result: type) -> str:
    return _cell((inspect.getdoc(result) or "").split("\n\n")[0])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
