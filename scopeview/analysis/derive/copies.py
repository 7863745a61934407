"""Variables that a SavedModel holds twice: as an op of the graph, and as an object that nothing computes with."""

from __future__ import annotations

from collections.abc import Iterable

from scopeview.model.variables import Variable


def copies(variables: Iterable[Variable]) -> frozenset[str]:
    """Return the identities of objects that no op holds and that are the variable of an op once more, as Keras 3 saves.

    Full name, shape and dtype must agree.
    """
    known = list(variables)
    held = {(v.full_name, v.shape, v.dtype) for v in known if v.handle_op and v.full_name}
    return frozenset(v.identity for v in known if v.kind == "object" and (v.full_name, v.shape, v.dtype) in held)
