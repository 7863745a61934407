"""The colors of everything that is drawn, by what they stand for: the page, the report and DOT take them from here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

COLORS: Mapping[str, tuple[str, str]] = {
    "ground": ("#ffffff", "#15171c"),
    "panel": ("#f6f7f9", "#1c1f26"),
    "line": ("#dfe2e8", "#323742"),
    "text": ("#1d2129", "#e4e7ed"),
    "quiet": ("#596070", "#a0a8b8"),
    "accent": ("#2455c9", "#8db0ff"),
    "accent-ground": ("#e3ebfd", "#24345c"),
    "shared": ("#19703c", "#7fd49a"),
    "shared-ground": ("#dff3e5", "#1d3a28"),
    "write": ("#a8430a", "#f0a46c"),
    "write-ground": ("#fbe9dd", "#45291a"),
    "bad": ("#b3261e", "#ff9a92"),
    "bad-ground": ("#fdecea", "#472420"),
    "twin": ("#7a3b9c", "#cf9cec"),
    "edge": ("#a9b0bd", "#5b6475"),
    "inside": ("#fbfcfd", "#191c22"),
    "flow": ("#7b8494", "#8790a2"),
    "tint": ("91%", "24%"),
    "cell0": ("#cfdcf7", "#2b3a5e"),
    "cell1": ("#d9e8dd", "#27402f"),
    "cell2": ("#ecdff3", "#41304d"),
    "cell3": ("#f4e6d3", "#473823"),
    "hue0": ("#d9e5f7", "#2b3d5e"),
    "hue1": ("#d58b4b", "#5b2700"),
    "hue2": ("#b0cea9", "#227008"),
    "hue3": ("#9095e8", "#813b91"),
    "hue4": ("#af998e", "#3c1c32"),
    "hue5": ("#5fbaca", "#0f0e6b"),
    "hue6": ("#f6d476", "#27022e"),
    "hue7": ("#e8a95c", "#4e4f3c"),
    "hue8": ("#85cff3", "#051c01"),
    "hue9": ("#ffffff", "#666666"),
    "heat0": ("#fdf3e1", "#241f1a"),
    "heat1": ("#fbdcae", "#3b2c1b"),
    "heat2": ("#f5bd75", "#57391a"),
    "heat3": ("#ea9a49", "#754513"),
    "heat4": ("#d97a2b", "#92500a"),
}
"""Each color by its name, on a light ground and on a dark one; that of text has a contrast of at least 4.5 to 1.

`hue` are colors of categories and `heat` the shades of a scale: `palette.test.ts` checks that all eyes can distinguish
them.
"""

ROLE_HUES = ("forward", "init", "variable", "gradient", "update", "save", "summary", "input", "bookkeeping")
"""What boxes are colored by where they are colored by role: one hue of the style sheet each, in this order."""


def light(name: str) -> str:
    """Return a color on a light ground."""
    return COLORS[name][0]


def style_sheet() -> str:
    """Return the colors as custom properties of a style sheet, for whichever ground the reader prefers."""
    return "".join(_style_sheet())


def _style_sheet() -> Iterator[str]:
    schemes = [
        [*(f"--{name}: {pair[index]};" for name, pair in COLORS.items()), f"color-scheme: {scheme};"]
        for index, scheme in enumerate(("light", "dark"))
    ]
    yield _rule(":root", schemes[0])
    dark = _rule(':root:not([data-theme="light"])', schemes[1])
    yield "@media (prefers-color-scheme: dark) {\n" + "".join(f"  {line}\n" for line in dark.splitlines()) + "}\n"
    yield _rule(':root[data-theme="dark"]', schemes[1])
    yield _rule(':root[data-theme="light"]', ["color-scheme: light;"])


def _rule(selector: str, properties: list[str]) -> str:
    return "\n".join([f"{selector} {{", *(f"  {line}" for line in properties), "}", ""])
