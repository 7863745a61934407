"""TensorFlow's op types by what they do: one catalog for readers and analyses.

Source: the op definitions of TensorFlow 2.21 (`tensorflow/core/ops/*.cc`).
"""

from __future__ import annotations

import re

ASSIGNS = ("Assign", "AssignVariableOp", "AssignAdd", "AssignSub", "AssignAddVariableOp", "AssignSubVariableOp")
"""Plain writes: input 0 is the variable, input 1 the value or the difference."""

FIRST_ASSIGNS = ("Assign", "AssignVariableOp")
"""Writes that replace a value: initializers and restores use these."""

SAVES = ("SaveV2", "SaveSlices", "Save")
RESTORES = ("RestoreV2", "RestoreSlice", "Restore")

APPLY = re.compile(r"(Resource)?(Sparse)?Apply\w+")
"""Optimizer updates: input 0 is trained, other variables are its slots."""

WRITER = re.compile(
    r"Assign(Add|Sub)?(VariableOp)?|(Resource)?(Sparse)?Apply\w+|(Resource)?Scatter\w+"
    r"|(Resource)?StridedSliceAssign|(Resource)?CountUpTo"
)
"""Everything that writes what its first input refers to, if that is a variable."""

REFERENCE_PASSES = frozenset({"Enter", "RefEnter", "Switch", "RefSwitch", "RefIdentity"})
"""Hands on the variable itself (a reference or a handle), not its value."""

VALUE_PASSES = frozenset({"Identity", "Reshape", "Cast"})
"""Hands on a value, perhaps in another form."""

_SHAPING = (
    "Reshape",
    "Cast",
    "Identity",
    "ExpandDims",
    "Squeeze",
    "Shape",
    "Rank",
    "Range",
    "Pack",
    "Concat",
    "ConcatV2",
)
SUMMARY_INPUTS = frozenset({"Const", "ConcatV2", "StringJoin", "AsString", *_SHAPING})
"""Prepares what a summary shows; anything else that only a summary reads is a result of the network."""
