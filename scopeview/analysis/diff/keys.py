"""The keys of a restore that are not there, or do not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scopeview.model.shapes import Shape

MissingKind = Literal[
    "slot",
    "beta power",
    "average",
    "variable",
    "global step",
    "part",
    "whole",
    "prefix",
    "leaf",
    "number",
    "case",
    "renamed",
    "shape",
    "absent",
]
"""What happened to a key that is not in the checkpoint:

slot, beta power   state of an optimizer
average            a moving average; near is the variable itself, where the checkpoint has it
variable           the checkpoint has the moving average of it alone, which near names
global step        the step counter
part, whole        the checkpoint stores the whole variable, and a part is asked for by its own name; or the reverse
prefix, leaf, number, case, renamed   stored under another name, which differs in its scope, its last segment, ...
shape              stored under another name with another shape
absent             nothing in the checkpoint is known to be it
"""


@dataclass(frozen=True, slots=True)
class MissingKey:
    """A key that the graph asks for and the checkpoint has not."""

    key: str
    variable: str
    shape: Shape
    kind: MissingKind
    near: str
    """The key of the checkpoint that probably holds it; empty if none does."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A key that both have, with another shape or dtype."""

    key: str
    variable: str
    shape: Shape
    dtype: str
    stored_shape: Shape
    stored_dtype: str
    is_silent: bool
    """Whether TensorFlow 1 restores it without a word: a resource variable takes any shape of its dtype."""
