"""scopeview: both namespaces of a TensorFlow graph or checkpoint, and what ties them.

    import scopeview

    m = scopeview.load("model.meta")
    m.variables                       # VariableTable: names, shapes, dtypes, collections, checkpoint keys
    m.op_scopes.to_networkx()         # the op-scope tree as a networkx arborescence
    m.variable_scopes.to_networkx()   # the variable-scope tree
    m.graph.to_networkx()             # the dataflow, op by op

Every question is a function of what was loaded, and its answer a frozen dataclass; `docs/api.md` lists them:

    scopeview.sharing(m).variables         # who shares which variable
    scopeview.lint(m, checkpoint)          # what may be wrong, and what a restore would do
    scopeview.diff(m, n).entries           # what became of every variable
    scopeview.to_json(scopeview.show(m, "rnn/cell/kernel"))
"""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scopeview.errors import ScopeviewError
from scopeview.model.display import Form, set_drawer

if TYPE_CHECKING:
    from scopeview.analysis.answers.collections import CollectionsReport
    from scopeview.analysis.answers.costs import CostKey, CostReport
    from scopeview.analysis.answers.find import FindResult
    from scopeview.analysis.answers.fleet import FleetReport
    from scopeview.analysis.answers.inspect import Inspection
    from scopeview.analysis.answers.sharing import SharingReport
    from scopeview.analysis.answers.show import Detail
    from scopeview.analysis.answers.trace import TraceReport
    from scopeview.analysis.answers.values import ValuesReport
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.diff.report import DiffReport
    from scopeview.analysis.lint.run import LintReport
    from scopeview.analysis.report import ModelReport
    from scopeview.model.model import Model
    from scopeview.model.trace import Trace
    from scopeview.readers.tensorflow.tracing.run import Tracing

__version__ = "0.1.0"

__all__ = [
    "DiffReport",
    "Model",
    "ScopeviewError",
    "__version__",
    "collections",
    "costs",
    "diff",
    "find",
    "fleet",
    "inspect",
    "lint",
    "load",
    "program",
    "report",
    "sharing",
    "show",
    "to_json",
    "trace",
    "trace_report",
    "values",
    "view",
    "weights",
]

_MODELS_KEPT = 4
_contexts: deque[AnalysisContext] = deque(maxlen=_MODELS_KEPT)
"""What was computed of the models that were asked about last, so that several questions share it."""


def load(source: str | Path | Any, *, tags: Sequence[str] | None = None, artifact: str | None = None) -> Model:
    """Read a TensorFlow artifact, or a live `tf.Graph`, into a Model.

    Args:
        source: a file, checkpoint prefix or folder, the URL of one (`s3://...`), or a `tf.Graph` of this process.
        tags: the tag-set to read from a SavedModel with several MetaGraphs.
        artifact: which of several artifacts at the path to read.

    Raises:
        ScopeviewError: it cannot be read; the message says why and what to try.
    """
    if isinstance(source, (str, Path)):
        from scopeview.readers import read

        return read(source, tags=tags, artifact=artifact)
    from scopeview.readers.tensorflow.live_graph import read_live_graph

    return read_live_graph(source)


def inspect(model: Model, *, scope: str = "", depth: int | None = None, program: str = "main") -> Inspection:
    """Describe a model: totals, both trees, variables, collections, signatures, functions.

    Args:
        model: what `load` returned.
        scope: leave out the scopes and variables outside this path; the totals stay those of the whole.
        depth: leave out scopes deeper than this many levels below `scope`.
        program: whose op scopes to list: a signature, a function, or the file's own main graph.
    """
    from scopeview.analysis.answers.inspect import inspect as answer
    from scopeview.analysis.card import full_card

    context = _context(model)
    return answer(context, full_card(context), scope=scope, depth=depth, program=program)


def show(model: Model, name: str, *, limit: int = 50, program: str | None = None) -> Detail:
    """Look up a name: an op, a tensor `a:0`, a scope `a/`, a variable, a checkpoint key, a function, a collection.

    Args:
        model: what `load` returned.
        name: the name.
        limit: how many consumers, child scopes and variables of a scope to list; totals are always given.
        program: whose ops to look among, as `--program`: a signature, a function, or `main`.

    Raises:
        NotFoundError: nothing has this name; the message suggests similar names.
    """
    from scopeview.analysis.answers.show import detail as answer

    return answer(_context(model), name, limit=limit, program=program)


def find(model: Model, query: str, *, limit: int = 50, offset: int = 0, program: str | None = None) -> FindResult:
    """Find the ops, scopes and variables that fit a query such as `trainable:yes shape:[*,256]`.

    Args:
        model: what `load` returned.
        query: terms joined by AND; `scopeview find --help` lists them.
        limit: hits of one page.
        offset: hits to skip.
        program: whose ops to search, as `--program`: a signature, a function, or `main`.

    Raises:
        QueryError: the query cannot be understood.
        NotFoundError: there is no such program.
    """
    from scopeview.analysis.answers.find import find as answer

    return answer(_context(model), query, limit=limit, offset=offset, program=program)


def sharing(
    model: Model, *, minimum: int = 2, scope: str = "", limit: int | None = None, program: str | None = None
) -> SharingReport:
    """List the variables that are used at several call sites, and who uses them.

    Args:
        model: what `load` returned.
        minimum: uses that a variable must have; 0 lists all.
        scope: only variables within this variable scope.
        limit: how many to describe; the totals are always complete.
        program: in which to look, as `--program`; all programs together where there are several and none is named.

    Raises:
        NotFoundError: there is no such variable scope, or no such program.
    """
    from scopeview.analysis.answers.sharing import sharing as answer

    return answer(_context(model).for_sharing(program), minimum=minimum, scope=scope, limit=limit)


def program(model: Model, name: str | None = None) -> Model:
    """Return a signature or function of a model as a model, its calls inlined: its graph is the computation.

    Args:
        model: what `load` returned.
        name: a signature, a function of the object graph or of the library, or `main` for the model itself; without
            one the program that is shown by default.

    Raises:
        NotFoundError: there is no such program; the message lists those that there are.
    """
    return _context(model).in_program(name).model


def collections(model: Model, *, name: str = "") -> CollectionsReport:
    """Describe the collections: their members, where they differ, and what the savers store of the variables.

    Args:
        model: what `load` returned.
        name: only this collection; all if empty.

    Raises:
        NotFoundError: there is no collection of this name.
    """
    from scopeview.analysis.answers.collections import collections as answer

    return answer(_context(model), name=name)


def lint(model: Model, checkpoint: Model | None = None, *, select: Sequence[str] = ()) -> LintReport:
    """Report what may be wrong with a graph or checkpoint, and what restoring the checkpoint would do.

    Args:
        model: a graph or a checkpoint.
        checkpoint: the checkpoint that the graph is to restore.
        select: codes (`G2`), beginnings of codes (`GC`) or names of rules; all if empty.

    Raises:
        QueryError: there is no such rule, or the second artifact holds no values for the first.
    """
    from scopeview.analysis.lint.rule import Subject
    from scopeview.analysis.lint.run import lint as answer

    return answer(Subject(_context(model), None if checkpoint is None else _context(checkpoint)), select=select)


def values(model: Model, query: str = "", *, limit: int = 200) -> ValuesReport:
    """Describe the stored values of variables: mean, spread, extremes, zeros, NaN, a histogram.

    Args:
        model: a checkpoint, or a SavedModel with its `variables/`.
        query: which variables, as in `find`; all if empty.
        limit: variables to read, in the order of their names; values are read in blocks.

    Raises:
        QueryError: the query cannot be understood, or the artifact holds no values.
    """
    from scopeview.analysis.answers.values import values_report
    from scopeview.readers import with_values

    stored, reader = with_values(model)
    return values_report(_context(stored), reader, query=query, limit=limit)


def weights(source: str | Path, *, dequantize: bool = False) -> Mapping[str, Any]:
    """Return the arrays of a checkpoint or a file of weights by their keys, each read when it is asked for.

    Args:
        source: a checkpoint, a SavedModel, or weights of any format that opens (`.tflite`, `model.json`, Zarr, `.h5`).
        dequantize: whether quantized weights are the numbers that they stand for, as float32.

    Raises:
        ScopeviewError: it cannot be read, or holds no values.
    """
    from scopeview.readers import read, with_values
    from scopeview.readers.dequantize import dequantized
    from scopeview.readers.whole_arrays import StoredArrays

    model, values = with_values(read(source))
    return StoredArrays(*(dequantized(model, values) if dequantize else (model, values)))


def fleet(
    *patterns: str, query: str | None = None, limit: int = 50, threads: int | None = None, scheduler: str | None = None
) -> FleetReport:
    """List many checkpoints or graphs: what each is, equal namespaces, where NaN begins, which norms drift.

    Args:
        patterns: paths or URLs; `*` and `?` stand within a segment, `**` for any number of segments.
        query: whose values to read, as in `find`; empty for all variables, None for no values.
        limit: drifts to list.
        threads: threads to read with; twice the cores if None.
        scheduler: address of a cluster of Dask that reads instead.

    Raises:
        ScopeviewError: a pattern names nothing, or the query cannot be understood.
    """
    runners = importlib.import_module("scopeview.workers.runners")  # by name, as in `view`
    report: FleetReport = runners.fleet_with(threads, scheduler, patterns, query=query, limit=limit)
    return report


def costs(
    model: Model, scope: str = "", *, by_op: bool = False, sort: CostKey | None = None, limit: int = 50
) -> CostReport:
    """Say what the computation costs: time and memory of a recorded step, FLOPs and bytes by static shapes.

    Args:
        model: a graph; with a recorded step, where its event file or RunMetadata holds one.
        scope: only what lies in this scope of ops.
        by_op: list single ops, and not the parts of the scope.
        sort: `time`, `memory`, `flops`, `output_bytes` or `parameters`; time or FLOPs, whichever is known, if None.
        limit: rows to return.

    Raises:
        NotFoundError: there is no such scope.
    """
    from scopeview.analysis.answers.costs import costs as answer

    return answer(_context(model), scope, by_op=by_op, sort=sort, limit=limit)


def diff(a: Model, b: Model) -> DiffReport:
    """Compare the variables of two models, and the op trees of two graphs; values by checksum, where there are any.

    Args:
        a: the old side.
        b: the new side.
    """
    from scopeview.analysis.diff.report import diff as compare

    return compare(_context(a), _context(b)).report


def report(model: Model, checkpoint: Model | None = None) -> ModelReport:
    """Gather both trees, sharing, collections and findings: what `scopeview report` writes as one HTML file."""
    from scopeview.analysis.lint.rule import Subject
    from scopeview.analysis.report import report as answer

    return answer(Subject(_context(model), None if checkpoint is None else _context(checkpoint)))


def to_json(answer: object, *, indent: int | None = 2) -> str:
    """Write an answer as the JSON that `--json` prints (`docs/json.md`).

    Args:
        answer: what one of the functions above returned.
        indent: spaces a level; None writes one line.
    """
    from scopeview.render.as_json import document

    return document(answer, indent=indent)


def trace() -> AbstractContextManager[Tracing]:
    """Record the graphs that the code in a `with` block builds: scopes, reuse flags, variables, the lines of code.

        with scopeview.trace() as t:
            build_model()
        t.save("model.scopetrace")  # and model.meta; every command opens it
        scopeview.trace_report(t.result())

    Raises:
        ImportError: TensorFlow is not installed.
    """
    from scopeview.readers.tensorflow.tracing.run import Tracing

    return Tracing("").recording()


def trace_report(recorded: Trace) -> TraceReport:
    """Describe a trace: each variable's creation and reuse, the tree of scopes with their flags, refusals explained."""
    from scopeview.analysis.answers.trace import trace_report as answer

    return answer(recorded)


def view(model: Model, *, height: int = 640) -> Any:
    """Open the page of a model in an output cell of a notebook; `close()` of what is returned ends its server.

    Args:
        model: what `load` read from a path.
        height: pixels of the frame.

    Raises:
        QueryError: the model was not read from a path.
    """
    from scopeview.errors import QueryError

    if model.origin.format == "live_graph":
        raise QueryError(
            "view() needs a file: write the graph with tf.compat.v1.train.export_meta_graph, and load that"
        )
    server = importlib.import_module("scopeview.server.embedded")  # by name: below, the version is read from here
    return server.View(model, height)


def _draw(value: object, form: Form) -> Any:
    """Draw what a notebook shows; a model as its inspection."""
    from scopeview.model.model import Model
    from scopeview.render.notebook import as_dataframe, as_html, as_markdown

    result: Any = inspect(value) if isinstance(value, Model) else value
    return {"html": as_html, "markdown": as_markdown, "dataframe": as_dataframe}[form](result)


set_drawer(_draw)


def _context(model: Model) -> AnalysisContext:
    from scopeview.analysis.context import AnalysisContext

    for kept in list(_contexts):
        if kept.model is model:
            return kept
    context = AnalysisContext(model)
    _contexts.append(context)
    return context


def __getattr__(name: str) -> Any:
    # numpy loads only when a model is needed
    homes = {"Model": "scopeview.model.model", "DiffReport": "scopeview.analysis.diff.report"}
    if name in homes:
        return getattr(importlib.import_module(homes[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
