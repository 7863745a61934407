"""TensorFlow's op types by what they do: one catalog for readers and analyses.

Source: the op definitions of TensorFlow 2.21 (`tensorflow/core/ops/*.cc`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

VARIABLE_TYPES = frozenset({"VariableV2", "Variable", "VarHandleOp", "TemporaryVariable", "AutoReloadVariable"})
"""Hold a variable."""

READS = frozenset({"ReadVariableOp", "Identity"})
"""Reads that TensorFlow puts beside a variable: of a handle, of a reference."""

# --- functions

ARGUMENT_TYPE = "_Arg"
"""Stands for a function's argument, as TensorFlow names it when it calls a function."""

CALL_TYPES = ("PartitionedCall", "StatefulPartitionedCall")
"""Call the function of their attribute `f` with their inputs."""

FUNCTIONAL_TYPES = (
    *CALL_TYPES,
    "If",
    "StatelessIf",
    "While",
    "StatelessWhile",
    "Case",
    "StatelessCase",
    "BatchFunction",
    "RemoteCall",
    "MapDefun",
    "MapDataset",
    "FlatMapDataset",
    "FilterDataset",
    "ReduceDataset",
    "TPUPartitionedCall",
)
"""Have functions as attributes."""

BRANCHES: Mapping[str, tuple[str, ...]] = {
    "If": ("then_branch", "else_branch"),
    "StatelessIf": ("then_branch", "else_branch"),
    "While": ("cond", "body"),
    "StatelessWhile": ("cond", "body"),
    "Case": ("branches",),
    "StatelessCase": ("branches",),
    **dict.fromkeys(CALL_TYPES, ("f",)),
}
"""The attributes that name the functions which an op calls with its inputs."""

SELECTED = frozenset({"If", "StatelessIf", "Case", "StatelessCase"})
"""Their first input chooses the function that runs, and is no argument of it."""

# --- control flow

SWITCHES = frozenset({"Switch", "RefSwitch", "_SwitchN"})
"""Send input 0 to the output that input 1, the predicate, chooses."""

MERGES = frozenset({"Merge", "RefMerge"})
"""Output 0 is the input that arrived, output 1 its index."""

LOOP_CONDITION = "LoopCond"
"""Decides whether a loop goes on."""

REFERENCE_PASSES = frozenset({"Enter", "RefEnter", "Switch", "RefSwitch", "RefIdentity"})
"""Hand on the variable itself (a reference or a handle), not its value."""

DATAFLOW_PASSES = REFERENCE_PASSES | MERGES | {"Identity", "_SwitchN"}
"""Hand on a variable or its value unchanged."""

VALUE_PASSES = frozenset({"Identity", "Reshape", "Cast"})
"""Hand on a value, perhaps in another form."""

ARRANGES = frozenset(
    {"Identity", "Cast", "Reshape", "Transpose", "ExpandDims", "Squeeze"}
    | {"ReverseV2", "ReverseSequence", "StopGradient"}
)
"""Hand on the same data in another arrangement."""

COPIES = frozenset({"Identity", "Snapshot"})
"""Hand on a value as it is."""

SAVED_THROUGH = frozenset({"Identity", "ReadVariableOp", "RefIdentity", "Enter", "RefEnter", "Cast"})
"""Stand between a variable and what saves it."""

WEIGHT_PASSES = ("Identity", "ReadVariableOp", "Enter", "RefEnter")
"""Carry the value of a variable to what computes with it."""

CHOOSES = DATAFLOW_PASSES - {"Enter", "RefEnter"} | {"LogicalNot", "If", "StatelessIf"}
"""What control flow does with a predicate."""

# --- writes, savers

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

SLOT_INPUTS: Mapping[str, tuple[str, ...]] = {
    "Adam": ("m", "v"),
    "AdamWithAmsgrad": ("m", "v", "vhat"),
    "AdaMax": ("m", "v"),
    "Momentum": ("accumulator",),
    "KerasMomentum": ("accumulator",),
    "Adagrad": ("accumulator",),
    "AdagradV2": ("accumulator",),
    "Adadelta": ("accumulator", "accumulated update"),
    "Ftrl": ("accumulator", "linear"),
    "FtrlV2": ("accumulator", "linear"),
    "RMSProp": ("mean square", "momentum"),
    "CenteredRMSProp": ("mean gradient", "mean square", "momentum"),
    "AdagradDA": ("gradient accumulator", "squared gradient accumulator"),
    "ProximalAdagrad": ("accumulator",),
    "AddSign": ("m",),
    "PowerSign": ("m",),
}
"""What each `Apply*` op keeps in its inputs 1, 2, ...: tensorflow/core/ops/training_ops.cc."""

# --- roles that a type alone decides

SUMMARY = re.compile(r"\w*Summary(V2)?|Write\w*Summary")
GRADIENT = re.compile(r"\w*Grad(V\d+|Ext)?|\w*BackpropFilter(V\d+)?|BroadcastGradientArgs")
"""Types that only gradients have. `Conv2DBackpropInput` is none of them: it is what a transposed convolution is."""

SAVER = re.compile(r"(Save|Restore|Sharded|MergeV2Checkpoints)\w*")
INITIAL = re.compile(r"VarIsInitializedOp|IsVariableInitialized|InitializeTable\w*|LookupTableImport(V2)?")
"""Ask whether a variable is initialized, or fill a lookup table."""

TABLE_FILLS = ("LookupTableImport", "LookupTableImportV2")
INITIALIZED_TESTS = ("VarIsInitializedOp", "IsVariableInitialized")

# --- what an op computes

COMPUTES = re.compile(r"\w*(MatMul|Conv\d*D?|BiasAdd|Gather\w*|LSTM\w*|GRU\w*|RNN\w*|BatchNorm\w*|Einsum)(V\d+)?")
"""Types that are a network's own work, whoever alone looks at its result."""

LAYERS = re.compile(
    r"\w*(MatMul(V\d+)?|Conv\dD(\w*Native)?|Conv\dDBackpropInput(V\d+)?|Gather(V\d+|Nd)?|Einsum)"
    r"|Cudnn\w*|\w*(LSTM|GRU)\w*|Dilation2D|SparseDenseCwise\w*"
)
"""Apply a weight to data: two of them that take one weight are two uses of it, whatever they are called."""

LOOKUP = re.compile(r"\w*Gather(V\d+|Nd)?")
"""Layers that look up rows of a table."""

REDUCTIONS = frozenset({"Sum", "Mean", "Prod", "Max", "Min", "L2Loss", "EuclideanNorm", "All", "Any"})

SIZES = frozenset({"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"})
"""Depend on the shape of their input, and not on its values."""

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
"""Prepares what a summary shows."""

MEASURES = REDUCTIONS | {
    *("Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual", "ArgMax", "ArgMin", "InTopK", "InTopKV2"),
    *("LogicalAnd", "LogicalOr", "LogicalNot", "Histogram", "HistogramFixedWidth", "IsNan", "IsInf", "IsFinite"),
}
"""Measure a result (an accuracy, the largest weight): what only a summary reads of these is part of it."""

RANDOM_KINDS: Mapping[str, str] = {
    "RandomUniform": "random_uniform",
    "RandomUniformInt": "random_uniform",
    "RandomStandardNormal": "random_normal",
    "TruncatedNormal": "truncated_normal",
    "StatelessRandomUniform": "random_uniform",
    "StatelessRandomUniformV2": "random_uniform",
    "StatelessRandomNormal": "random_normal",
    "StatelessRandomNormalV2": "random_normal",
    "StatelessTruncatedNormal": "truncated_normal",
    "StatelessTruncatedNormalV2": "truncated_normal",
}
"""Random ops by the distribution that they draw from."""

PLUMBING = frozenset({"Const", "Identity", "StopGradient", "Cast", "Shape", "Size", "Rank"})
"""Says little about a computation; a picture folds it into the one op that takes what it gives."""

PLUMBING_OF_SHAPES = frozenset(
    {
        *("StridedSlice", "Slice", "Pack", "Concat", "ConcatV2", "Prod", "Range", "ExpandDims", "Squeeze", "Reshape"),
        *("Fill", "Add", "AddV2", "Sub", "Mul", "FloorDiv", "Maximum", "Minimum", "GatherV2", "Gather", "Unpack"),
    }
)
"""The same, where it takes nothing but shapes and constants: `StridedSlice` of a `Shape`."""


def is_placeholder(op_type: str) -> bool:
    """Whether an op stands for what a caller gives: a placeholder of a graph, an argument of a function."""
    return op_type.startswith("Placeholder") or op_type == ARGUMENT_TYPE


def apply_kind(op_type: str) -> str:
    """Return which update an `Apply*` op is: `ResourceSparseApplyMomentum` -> `Momentum`.

    >>> apply_kind("ResourceApplyAdam")
    'Adam'
    """
    return _APPLY_PREFIX.sub("", op_type)


_APPLY_PREFIX = re.compile(r"(Resource)?(Sparse)?Apply")
