"""A model: what one artifact holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from scopeview.model.collection import Collection
from scopeview.model.display import Displayed
from scopeview.model.entry_point import EntryPoint
from scopeview.model.functions import Function
from scopeview.model.imported import ImportReport
from scopeview.model.notes import NotRead
from scopeview.model.once import Answers, once
from scopeview.model.ops import Buffer, OpTable
from scopeview.model.scopes import ScopeTree
from scopeview.model.shapes import Shape
from scopeview.model.variables import VariableTable

if TYPE_CHECKING:
    from scopeview.model.code_lines import CodeLines
    from scopeview.model.recorded_runs import RecordedRuns
    from scopeview.model.trace import Trace

Format = Literal[
    "graph_def",
    "meta_graph",
    "saved_model",
    "checkpoint_v1",
    "checkpoint_v2",
    "checkpoint_object",
    "checkpoint_safetensors",
    "checkpoint_torch",
    "checkpoint_hdf5",
    "checkpoint_npz",
    "checkpoint_onnx",
    "checkpoint_tflite",
    "checkpoint_tfjs",
    "checkpoint_zarr",
    "live_graph",
    "trace",
]


_PROGRAMS_KEPT = 8


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model comes from."""

    path: str
    """The path as it was asked for."""
    format: Format
    file: str = ""
    """The file that was read, which differs from the path for folders and prefixes."""
    text: bool = False
    """Whether the file was in protobuf text format."""
    tensorflow_version: str = ""
    producer: int | None = None
    """`versions.producer` of the graph, where given."""
    min_consumer: int | None = None
    """`versions.min_consumer`: older TensorFlow refuses the graph."""
    tags: tuple[str, ...] = ()
    artifact: str = ""
    """Which of several artifacts at the path this is; empty if it is the only one."""
    checkpoint: str = ""
    """The table of the checkpoint that has the values of its variables, where that is another file."""
    details: Mapping[str, str] = field(default_factory=dict)
    """Facts of the format that have no field of their own, such as a fingerprint or the number of shards."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One input or output of a signature."""

    key: str
    tensor: str
    dtype: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Signature:
    """An entry point that a MetaGraph declares."""

    name: str
    method: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]


@dataclass(frozen=True, slots=True)
class SaverEntry:
    """One tensor that a saver writes or restores, as the graph's save and restore ops say it."""

    op: str
    """The `SaveV2`, `SaveSlices` or `RestoreV2` op."""
    key: str
    slice_spec: str
    """`"10 4 0,4:0,4"` for a part of a partitioned variable: full shape, then start,length of each axis."""
    handle_op: str
    """The variable's op, or empty where the value is not a variable's."""
    restores: bool
    """Whether this is the restoring side."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A function of a TF 2 SavedModel, and the variables that its last arguments are."""

    function: str
    path: str
    """Where the object graph has the function (`encode`, `signatures/serving_default`)."""
    first: int
    """Position of the first argument that is bound."""
    variables: tuple[str, ...]
    """`Variable.identity` of each bound argument; empty for what is no variable, such as a table."""
    others: tuple[str, ...] = ()
    """What is bound and is no variable: the kind of object and its path (`resource tables/0`)."""


@dataclass(frozen=True, slots=True)
class Dangling:
    """A reference to something that the artifact does not hold."""

    kind: Literal["input", "collection", "function", "signature", "duplicate"]
    where: str
    name: str


@dataclass(frozen=True, slots=True)
class Damage:
    """Something wrong with the files of an artifact, that is not wrong with what was read of them."""

    kind: Literal["index", "shard", "state", "leftover", "values"]
    where: str
    """Name of the file."""
    message: str


@dataclass(frozen=True, slots=True)
class AlsoHere:
    """Another artifact at the path of a model."""

    name: str
    """What the `artifact` argument takes."""
    kind: str
    """What it is: `SavedModel`, `checkpoint`, `MetaGraph`, `graph`, `trace of an event file`."""
    size_bytes: int
    """Bytes of its files; of a graph in an event file, bytes of that graph."""


@dataclass(frozen=True, slots=True)
class Message:
    """Where a model's GraphDef or MetaGraphDef lies, for handing it to TensorFlow."""

    kind: Literal["graph_def", "meta_graph"]
    buffer: Buffer
    start: int
    end: int

    def content(self) -> bytes | memoryview:
        """Return the bytes of the message."""
        found = self.buffer[self.start : self.end]
        return found if isinstance(found, bytes | memoryview) else bytes(found)  # a piece of a large file


@dataclass(frozen=True)
class Model(Displayed):
    """What one artifact holds; immutable."""

    origin: Origin
    graph: OpTable
    functions: Mapping[str, Function]
    variables: VariableTable
    collections: tuple[Collection, ...] = ()
    signatures: tuple[Signature, ...] = ()
    savers: tuple[SaverEntry, ...] = ()
    bindings: tuple[Binding, ...] = ()
    has_objects: bool = False
    """Whether it is a SavedModel of TF 2: an object graph says what its variables are, and names mean nothing."""
    dangling: tuple[Dangling, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences about what could not be read or needs care, such as a truncated file."""
    also_here: tuple[AlsoHere, ...] = ()
    """What else the path holds."""
    damage: tuple[Damage, ...] = ()
    object_keys: Mapping[str, bool] = field(default_factory=dict)
    """Keys that the object graph of a checkpoint lists, and whether the checkpoint has an entry for each."""
    op_outputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Output types of op types, from the MetaGraph's own list of ops: `float32`, `$T`, `$N*$T`, `$Tout`."""
    op_output_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the output arguments of op types, from the same list."""
    code_lines: CodeLines | None = field(default=None, repr=False, compare=False)
    """Which lines of Python created the ops, where the file says it."""
    trace: Trace | None = field(default=None, repr=False, compare=False)
    """The record of the run that built it, where it was opened from a `.scopetrace`."""
    trace_graph: int = 0
    """Which graph of that record it is."""
    runs: RecordedRuns | None = field(default=None, repr=False, compare=False)
    """Steps that TensorFlow recorded of the graph, where the file holds their times."""
    entry: EntryPoint | None = None
    """For a program: what it was made from. The graph then is the computation of this entry point, calls inlined."""
    imported: ImportReport | None = None
    message: Message | None = field(default=None, repr=False, compare=False)
    read_graph_beside: Callable[[], Model | None] | None = field(default=None, repr=False, compare=False)
    """Reads the graph that was saved with a checkpoint, where there is a file of it."""

    @property
    def is_partial(self) -> bool:
        """Whether part of the file could not be read, so that nothing follows from what the model lacks."""
        return any(isinstance(note, NotRead) for note in self.notes)

    @property
    def is_checkpoint(self) -> bool:
        """Whether it is a checkpoint, of whatever version: entries, and no graph."""
        return self.origin.format.startswith("checkpoint")

    @property
    def is_restorable(self) -> bool:
        """Whether it is a checkpoint of TensorFlow's own, which a `Saver` or `tf.train.Checkpoint` restores."""
        return self.origin.format in ("checkpoint_v1", "checkpoint_v2", "checkpoint_object")

    @property
    def is_object_based(self) -> bool:
        """Whether it is a checkpoint with an object graph."""
        return self.origin.format == "checkpoint_object"

    @property
    def others(self) -> tuple[str, ...]:
        """What else the path holds, as values of the `artifact` argument."""
        return tuple(other.name for other in self.also_here)

    @property
    def op_scopes(self) -> ScopeTree:
        """The op-scope tree of the main graph."""
        return self.graph.scopes

    def __repr__(self) -> str:
        """Say what it is in a line; all of it would fill screens."""
        holds = f"{len(self.graph):,} ops, {len(self.variables):,} variables"
        return f"<Model {self.origin.path} ({self.origin.format}): {holds}>"

    @property
    def variable_scopes(self) -> ScopeTree:
        """The variable-scope tree."""
        return self.variables.scopes

    @once
    def made_programs(self) -> Answers:
        """Programs that were made of it (`model.programs.program`), by their names: the last few."""
        return Answers(_PROGRAMS_KEPT)

    def collection(self, name: str) -> Collection | None:
        """Return a collection by name, or None."""
        return next((found for found in self.collections if found.name == name), None)
