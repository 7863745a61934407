"""Which ops whoever looks has hidden, or is looking at alone: by queries in the language of `scopeview find`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.answers.query_matches import matching_ops
from scopeview.analysis.graph_view.graph_index import GraphIndex
from scopeview.analysis.query import parse_query

MOST_RULES, LONGEST_RULE = 100, 1000
_WILD = "*?"

Mask = NDArray[np.bool_]


def hidden_rows(graph_index: GraphIndex, hidden: frozenset[str], only: frozenset[str]) -> Mask | None:
    """Return which ops are not drawn: shape (ops,); None if no rule says anything.

    Args:
        graph_index: the op table.
        hidden: queries; what fits one of them is not drawn.
        only: queries; of what is left, only what fits one of them is drawn.

    Raises:
        QueryError: a query cannot be understood, or finds variables only.
    """
    if not hidden and not only:
        return None
    found = np.zeros(len(graph_index.table), dtype=bool)
    if only:
        found[:] = True
        for text in only:
            found &= ~_fitting(graph_index, text)
    for text in hidden:
        found |= _fitting(graph_index, text)
    return found


def _fitting(graph_index: GraphIndex, text: str) -> Mask:
    """Return which ops fit a query, worked out once for each."""
    kept: Mask = graph_index.masks.get(text, lambda: _work_out(graph_index, text))
    return kept


def _work_out(graph_index: GraphIndex, text: str) -> Mask:
    found = np.zeros(len(graph_index.table), dtype=bool)
    query = parse_query(text)
    scopes = query.values("scope")
    if len(query.terms) == 1 and len(scopes) == 1 and not query.words and not any(c in scopes[0] for c in _WILD):
        path = scopes[0].rstrip("/")  # one box: a slice of the table, however large that is
        scope, row = graph_index.tree.find(path), graph_index.table.row(path)
        if scope is not None:
            found[graph_index.tree.rows(scope)] = True
        if row is not None:
            found[row] = True
    else:
        found[matching_ops(graph_index.context, text, graph_index.function)] = True
    return found
