"""The function library: each body is an op table of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scopeview.model.ops import OpTable
from scopeview.model.shapes import Shape


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument or result of a function."""

    name: str
    dtype: str
    """Name of the type, or `$T` when an attribute of the function decides it."""
    source: str = ""
    """For a result: the tensor of the body that it returns (`MatMul:product:0`)."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the library.

    `body` holds one row of type `_Arg` for each argument, then the nodes: inputs of nodes name both alike.
    """

    name: str
    arguments: tuple[Argument, ...]
    results: tuple[Argument, ...]
    body: OpTable
    argument_shapes: Mapping[int, Shape] = field(default_factory=dict)
    """Shapes of arguments by their positions, as far as the library gives them."""
    controls: tuple[str, ...] = ()
    """Ops of the body that always run, whatever of the results is used."""
    gradient: str = ""
    """The function that computes its gradient, where the library says so."""

    @property
    def op_count(self) -> int:
        """Number of nodes, without the arguments."""
        return len(self.body) - len(self.arguments)
