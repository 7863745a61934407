"""Which renamed variables stand in one place of the dataflow, where both sides have a graph, or one saved with them.

Names that both sides have are left to the names, and what follows all of these may be a new head of equal shape. Places
in all of the dataflow are looked at first. A graph that trains differs from one that predicts in what follows the last
uses of variables: places without that count where they say of every variable but these last ones which it is on the
other side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.dataflow_places import variable_places
from scopeview.analysis.derive.reach import data_edges, downstream, flags, upstream
from scopeview.analysis.diff.namespace import Entry, Namespace
from scopeview.model.model import Model
from scopeview.model.names import scope_of
from scopeview.model.variables import Variable

IN_ONE_PLACE = "same place in the dataflow"


def pairs_in_one_place(a: Namespace, b: Namespace) -> Mapping[str, str]:
    """Return names of A with names of B: variables that no other of their side shares the place with.

    Args:
        a: the first side.
        b: the second side; without a graph of either there are no pairs.
    """
    sides = (a, b), (b, a)
    if not all(_may_have_graph(side) for side, _ in sides) or not all(_has_names_alone(*pair) for pair in sides):
        return {}
    one, other = _side(a), _side(b)
    if one is None or other is None:
        return {}
    pairs = _single(one.by_place(), other.by_place()) or _up_to_last_uses(one, other)
    known = a.entries.keys() & b.entries.keys()
    renamed = {old: new for old, new in pairs.items() if known.isdisjoint((old, new))}
    if len(renamed) == len(pairs):
        return renamed
    heads = one.ends_of(known), other.ends_of(known)
    return {old: new for old, new in renamed.items() if old not in heads[0] and new not in heads[1]}


def _up_to_last_uses(a: _Side, b: _Side) -> Mapping[str, str]:
    """Return the variables that are alone in places up to the last uses, if all are; layers that end there left out."""
    places = a.by_place(up_to_last_use=True), b.by_place(up_to_last_use=True)
    pairs = _single(*places)
    if not len(pairs) == len(places[0]) == len(places[1]):
        return {}
    ends = _scopes(a.by_place(), pairs.keys()), _scopes(b.by_place(), pairs.values())
    return {old: new for old, new in pairs.items() if scope_of(old) not in ends[0] and scope_of(new) not in ends[1]}


Places = Mapping[int, Sequence[Entry]]
"""The variables that stand in each place."""


def _single(ours: Places, theirs: Places) -> Mapping[str, str]:
    """Return the variables that are alone in their places on both sides."""
    places = [place for place in ours.keys() & theirs.keys() if len(ours[place]) == len(theirs[place]) == 1]
    return dict(sorted((ours[place][0].name, theirs[place][0].name) for place in places))


def _scopes(places: Places, names: Collection[str]) -> set[str]:
    """Return the scopes of what has a place and is none of some names; the root is none."""
    return {scope_of(entry.name) for some in places.values() for entry in some if entry.name not in names} - {""}


def _may_have_graph(side: Namespace) -> bool:
    """Whether it is worth while to make entries of a side that keeps them in columns."""
    return len(side.context.model.graph) > 0 or side.context.model.read_graph_beside is not None


def _has_names_alone(side: Namespace, other: Namespace) -> bool:
    return any(name not in other.entries and side.entries[name].kind == "variable" for name in side.entries)


@dataclass(frozen=True)
class _Side:
    """A namespace, and the graph in which its variables are used."""

    graph: AnalysisContext
    used: Mapping[str, Entry]
    """Entries by the identity of their variables in the graph."""

    def by_place(self, *, up_to_last_use: bool = False) -> Places:
        """Return the variables that stand in each place."""
        found: dict[int, list[Entry]] = defaultdict(list)
        graph, model = self.graph, self.graph.model
        places = graph.cached(
            ("variable places", up_to_last_use),
            lambda: variable_places(model.graph, graph.is_forward, model.variables, up_to_last_use=up_to_last_use),
        )
        for identity, place in places.items():
            if identity in self.used:
                found[place].append(self.used[identity])
        return found

    def ends_of(self, names: Collection[str]) -> set[str]:
        """Return the variables that are used behind some of these names, and none of these is used behind them."""
        graph, forward, weights = self.graph.model.graph, self.graph.is_forward, self.graph.weights_of
        source, target = data_edges(graph)
        is_use = (weights[source] >= 0) & forward[target] & ~self.graph.gives_weights[target]
        holder, use = weights[source][is_use], target[is_use]
        rows = {entry.name: graph.row(identity) for identity, entry in self.used.items()}
        known = flags([row for name, row in rows.items() if name in names and row is not None], len(graph))
        ahead = upstream(graph, flags(use[known[holder]], len(graph)), forward)
        follows = flags(holder[downstream(graph, known, forward)[use]], len(graph))
        return {name for name, row in rows.items() if row is not None and follows[row] and not ahead[row]}


def _side(namespace: Namespace) -> _Side | None:
    """Return a side with its graph, or with the one beside its checkpoint, as far as that has the same variables."""
    own = namespace.context.in_program()
    if len(own.model.graph):
        return _Side(own, {entry.variable.identity: entry for entry in _own(namespace)})
    graph = namespace.context.cached("graph beside", lambda: _graph_beside(namespace.context.model))
    if graph is None:
        return None
    by_key = graph.by_key()
    used = {by_key[entry.key].identity: entry for entry in _own(namespace) if _is_of(by_key.get(entry.key), entry)}
    return _Side(graph, used)


def _graph_beside(model: Model) -> AnalysisContext | None:
    found = model.read_graph_beside() if model.read_graph_beside is not None else None
    return None if found is None else AnalysisContext(found)


def _own(namespace: Namespace) -> list[Entry]:
    return [entry for entry in namespace.entries.values() if entry.kind == "variable"]


def _is_of(variable: Variable | None, entry: Entry) -> bool:
    return variable is not None and (variable.shape, variable.dtype) == entry.type
