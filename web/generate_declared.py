"""Write what the page takes from Python as it is: columns, roles, words and colors.

    src/lib/declared.ts      columns of the variable table, roles, words of the diff, examples of number formats
    src/styles/tokens.css    colors

python web/generate_declared.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

HERE = Path(__file__).resolve().parent
NUMBERS = (0, 1, 12, 999, 1000, 1536, 9_999, 10_000, 99_949, 999_999, 1_234_567, 1_500_000_000, 3_141_592_653_589)
SHAPES: tuple[tuple[int | None, ...] | None, ...] = ((), (3,), (None, 256), None)
CELLS: tuple[tuple[Any, Any], ...] = (
    ("a/b", "name"),
    (("a", "b"), "names"),
    ("float32", "word"),
    (None, "count"),
    (0, "count"),
    (12_000, "count"),
    (None, "short"),
    (1_234_567, "short"),
    (None, "time"),
    (0.5, "time"),
    (999.6, "time"),
    (12_345, "time"),
    (2_500_000, "time"),
    (None, "bytes"),
    (0, "bytes"),
    ((None, 2), "shape"),
    (True, "yes_no"),
    (False, "yes_no"),
    (None, "yes_no"),
)
HEAD = "// Written by `make types` from what Python declares: columns, roles, words, and how numbers look.\n\n"
CSS_HEAD = "/* Written by `make types` from scopeview/render/colors.py: colors on a light and a dark ground. */\n"


def script() -> str:
    """Return the TypeScript."""
    from scopeview.analysis import cost_columns
    from scopeview.analysis.derive.roles import ROLES
    from scopeview.analysis.variable_columns import COLUMNS, Format
    from scopeview.render.colors import ROLE_HUES
    from scopeview.render.format_names import FORMAT_NAMES
    from scopeview.render.text.diff_lines import MARKS, SHORT_WORDS

    heads = [asdict(column.head) for column in COLUMNS]
    cost_heads = [asdict(column.head) for column in cost_columns.COLUMNS]
    return HEAD + "\n".join(
        (
            "export const FORMATS = " + _written(get_args(Format)) + " as const;",
            "export type Format = (typeof FORMATS)[number];\n",
            "export const COLUMNS = " + _written(heads) + " as const;\n",
            "export const COST_COLUMNS = " + _written(cost_heads) + " as const;\n",
            "export const ROLES = "
            + _written(["forward", *(role for role in ROLES if role != "forward")])
            + " as const;\n",
            "export const ROLE_HUES: readonly string[] = " + _written(ROLE_HUES) + ";\n",
            "export const FORMAT_NAMES: Record<string, string> = " + _written(dict(FORMAT_NAMES)) + ";\n",
            "export const STATUS_WORDS = " + _written(dict(SHORT_WORDS)) + ";\n",
            "export const STATUS_MARKS = " + _written(dict(MARKS)) + ";\n",
            "// What Python writes: the tests hold `format.ts` to it.",
            "export const FORMAT_EXAMPLES = " + _written(examples()) + ";\n",
        )
    )


def examples() -> Mapping[str, object]:
    """Return values with what Python writes for them, by format."""
    from scopeview.render.formats import bytes_text, cell_text, count, shape_text, short_count

    return {
        "count": [(number, count(number)) for number in NUMBERS],
        "short": [(number, short_count(number)) for number in (None, *NUMBERS)],
        "bytes": [(number, bytes_text(number)) for number in (None, *NUMBERS)],
        "shape": [(shape, shape_text(shape)) for shape in SHAPES],
        "cells": [(value, format_, cell_text(value, format_)) for value, format_ in CELLS],
    }


def _written(values: object) -> str:
    return json.dumps(values, ensure_ascii=False, indent=2)


def style() -> str:
    """Return the style sheet."""
    from scopeview.render.colors import style_sheet

    return CSS_HEAD + style_sheet()


if __name__ == "__main__":
    (HERE / "src" / "lib" / "declared.ts").write_text(script(), "utf-8")
    (HERE / "src" / "styles" / "tokens.css").write_text(style(), "utf-8")
