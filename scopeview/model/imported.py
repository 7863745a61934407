"""What TensorFlow itself says of a graph after `tf.compat.v1` has imported it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scopeview.model.shapes import Shape


@dataclass(frozen=True, slots=True)
class InferredTensor:
    """Dtype and static shape of one output of one op."""

    dtype: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of importing a model through `tf.compat.v1` in a child process."""

    ok: bool
    tensorflow_version: str = ""
    error: str = ""
    """TensorFlow's own words, or what ended the child process."""
    op_types: Mapping[str, str] = field(default_factory=dict)
    """Type of every op by name."""
    tensors: Mapping[str, tuple[InferredTensor, ...]] = field(default_factory=dict)
    """Outputs of every op by name."""
    variables: Mapping[str, InferredTensor] = field(default_factory=dict)
    """Variables as TensorFlow rebuilds them from the collections, by name without ":0"."""
    trainable: tuple[str, ...] = ()
    collections: Mapping[str, int] = field(default_factory=dict)
    """Number of members of every collection that TensorFlow could rebuild."""
    unregistered: tuple[str, ...] = ()
    """Op types that this build of TensorFlow does not know."""
    differences: tuple[str, ...] = ()
    """Where TensorFlow's answer contradicts what was read, one sentence each."""
    elapsed_s: float = 0.0
    """Seconds of the child process, TensorFlow's start-up included."""
