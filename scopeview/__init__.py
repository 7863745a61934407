"""scopeview: both namespaces of a TensorFlow graph or checkpoint, and what ties them.

import scopeview

m = scopeview.load("model.meta")
m.variables                       # VariableTable: names, shapes, dtypes, collections, checkpoint keys
m.op_scopes.to_networkx()         # the op-scope tree as a networkx arborescence
m.variable_scopes.to_networkx()   # the variable-scope tree
m.graph.to_networkx()             # the dataflow, op by op
scopeview.diff(m, n).entries      # what became of every variable
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scopeview.errors import ScopeviewError

if TYPE_CHECKING:
    from scopeview.analysis.diff.report import DiffReport
    from scopeview.model.model import Model

__version__ = "0.1.0"

__all__ = ["DiffReport", "Model", "ScopeviewError", "__version__", "diff", "load"]


def load(source: str | Path | Any, *, tags: Sequence[str] | None = None, artifact: str | None = None) -> Model:
    """Read a TensorFlow artifact, or a live `tf.Graph`, into a Model.

    Args:
        source: a file, checkpoint prefix or folder, or a `tf.Graph` of this process.
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


def diff(a: Model, b: Model) -> DiffReport:
    """Compare the variables of two models, and the op trees of two graphs; values by checksum, where there are any."""
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.diff.report import diff as compare

    return compare(AnalysisContext(a), AnalysisContext(b)).report


def __getattr__(name: str) -> Any:
    # numpy loads only when a model is needed
    if name == "Model":
        from scopeview.model.model import Model

        return Model
    if name == "DiffReport":
        from scopeview.analysis.diff.report import DiffReport

        return DiffReport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
