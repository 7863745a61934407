"""How a notebook shows a model or an answer: each type says only that it can be shown; the package says how.

`scopeview/__init__.py` sets what draws, so that nothing here knows a renderer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

Form = Literal["html", "markdown", "dataframe"]
_drawers: list[Callable[[object, Form], Any]] = []


def set_drawer(draw: Callable[[object, Form], Any]) -> None:
    """Set the function that draws what is shown, in the form that is asked for."""
    _drawers[:] = [draw]


class Displayed:
    """What a notebook shows by itself as the last value of a cell."""

    __slots__ = ()

    def _repr_html_(self) -> Any:
        return _drawn(self, "html")

    def _repr_markdown_(self) -> Any:
        return _drawn(self, "markdown")

    def to_dataframe(self) -> Any:
        """Return a pandas DataFrame: a row for each variable.

        Raises:
            ScopeviewError: pandas is not installed.
        """
        return _drawn(self, "dataframe")


def _drawn(value: object, form: Form) -> Any:
    return _drawers[0](value, form) if _drawers else None
