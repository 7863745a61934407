"""What the page asks about a model: the questions whose answers an interactive report holds, the first needed first.

An answer leads to other questions: a picture to those of the scopes in it, a level of a tree to its rows. How a
question is written is the page's own (`web/src/lib/api.ts`): the report answers what is asked in the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

from scopeview.analysis.answers.costs import CostKey
from scopeview.analysis.derive.roles import ROLES
from scopeview.analysis.diff.code import CodeForm
from scopeview.analysis.diff.variables import Status
from scopeview.analysis.variable_columns import COLUMNS

FOLDED_AT = 60
"""Items of one scope, before they are folded: the pictures of opened scopes are those of this number."""
UNFOLDED_AT = 2000
"""The same for the pictures of scopes whose rest is asked for."""
_ROOTS_FOLDED_AT = (40, 30, 22, 16, 12, 10)
"""What the first picture of a small canvas is folded at (`first_picture.ts`)."""
_ROWS = 200
_CELLS = 5000
_CHILDREN = 500
_MEMBERS = 100
_EDGES = 100
_ROWS_OF_COSTS = 500
_NAMES = 5000
_MOST_NAMES = 50_000
"""Ops of one role that a search in the report looks through."""
_ENTRIES = 500
_STEP = 10
"""Between the ranks of one level of scopes and of the next."""
_LATE = 35
"""The rank of what is looked at last: expanded groups, other orders of the table, other openings of the map."""

Parameter = str | int | bool | Iterable[str]
Answered = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the page."""

    path: str
    """Below `api/`."""
    parameters: tuple[tuple[str, str], ...] = ()
    """Names and values, in the order of the names."""
    rank: int = 0
    """What is needed first has the lowest."""


def question(path: str, rank: int = 0, **parameters: Parameter) -> Question:
    """Write a question as the page does: what is empty is left out."""
    pairs: list[tuple[str, str]] = []
    for name in sorted(parameters):
        value = parameters[name]
        if isinstance(value, bool):
            pairs.append((name, str(value).lower()))
        elif isinstance(value, str | int):
            pairs += [(name, str(value))] if value != "" else []
        else:
            pairs += [(name, one) for one in value]
    return Question(path, tuple(pairs), rank)


class ModelQuestions:
    """The questions about one model."""

    def __init__(self, model: str, *, has_graph: bool, has_values: bool) -> None:
        """Note what the model can be asked.

        Args:
            model: its id.
            has_graph: whether there are ops.
            has_values: whether it has values of its variables.
        """
        self._of = f"models/{model}/"
        self._has_graph = has_graph
        self._has_values = has_values
        self._unfolded: tuple[str, ...] = ()
        """The group that the first picture draws member by member."""
        self._measures: tuple[str, ...] = ()

    def first(self) -> Iterator[Question]:
        """Yield what the page asks before anything is chosen."""
        ask = partial(self._ask, rank=0)
        yield from (ask("summary"), ask("card"), ask("card/markdown"), ask("collections", limit=_MEMBERS))
        yield from (ask("lint"), ask("findings"))
        yield from (self._tree(tree, "") for tree in ("variables", "ops"))
        yield from self._table(0)
        if self._has_graph:
            yield from (ask("graph/opening"), ask("graph/measures"), ask("map/opening"), self._map((), ()))
            yield self._graph("")
            yield from (self._costs("", by_op=by_op) for by_op in (False, True))
            yield from (self._graph("", items=items) for items in _ROOTS_FOLDED_AT)
            yield from (self._names(f"role:{role}") for role in ROLES)
        for column in COLUMNS:
            yield from self._table(_LATE, column.head.key)

    def after(self, asked: Question, answer: Any) -> Iterator[Question]:
        """Yield the questions that an answer leads to."""
        steps: Mapping[str, Callable[[Question, Any], Iterator[Question]]] = {
            "graph/opening": self._after_opening,
            "graph/measures": self._after_measures,
            "graph": self._after_graph,
            "map/opening": self._after_map_opening,
            "map": self._after_map,
            "tree": self._after_tree,
            "costs": self._after_costs,
            "lint": self._after_lint,
            "card": self._after_card,
            "find": self._after_find,
        }
        follow = steps.get(asked.path.removeprefix(self._of))
        if follow is not None:
            yield from follow(asked, answer)

    def _ask(self, path: str, rank: int = 0, **parameters: Parameter) -> Question:
        return question(self._of + path, rank, **parameters)

    def _tree(self, tree: str, scope: str, *, fold: bool = True, offset: int = 0) -> Question:
        rank = _level(scope) + 1 + (0 if fold and not offset else 4)
        return self._ask("tree", rank, tree=tree, scope=scope, offset=offset, limit=_CHILDREN, fold=fold)

    def _graph(self, scope: str, items: int = FOLDED_AT, unfold: tuple[str, ...] = (), rank: int = 0) -> Question:
        rank = _level(scope) + rank
        return self._ask("graph", rank, scope=scope, items=items, plumbing=False, unfold=unfold or self._in(scope))

    def _in(self, scope: str) -> tuple[str, ...]:
        """Return what the first picture draws member by member directly in a scope."""
        return tuple(path for path in self._unfolded if _above(path) == scope)

    def _table(self, first: int, sort: str = "parameters") -> Iterator[Question]:
        for attached in (False, True):
            late = first if not attached else _LATE
            for descending in (True, False):
                rank = late if descending else _LATE
                yield self._ask("variables", rank, sort=sort, descending=descending, attached=attached, limit=_ROWS)
            yield self._ask("variables", late, sort="parameters", descending=True, attached=attached, limit=_CELLS)

    def _costs(self, scope: str, *, by_op: bool = False, sort: str = "", limit: int = _ROWS_OF_COSTS) -> Question:
        rank = _level(scope) + (4 if not by_op and not sort else _LATE)
        return self._ask("costs", rank, scope=scope, by_op=by_op, sort=sort, limit=limit)

    def _names(self, query: str, offset: int = 0) -> Question:
        """Ask for names, of which the page finds those that fit (`web/src/lib/embedded_search.ts`)."""
        return self._ask("find", 1 if not offset else _STEP, q=query, offset=offset, limit=_NAMES)

    def _map(self, left: Iterable[str], right: Iterable[str], rank: int = 1, *, shared: bool = False) -> Question:
        return self._ask("map", rank, left=left, right=right, role="forward", shared=shared)

    def _show(self, name: str, rank: int) -> Question:
        return self._ask("show", _level(_above(name)) + rank, name=name)

    def _after_card(self, _asked: Question, answer: Answered) -> Iterator[Question]:
        ends = [*answer["inputs"], *answer["outputs"], *answer["losses"]]
        named = [one["tensor"].partition(":")[0] for one in ends]
        for path in (
            *named,
            *(one["first"] for one in answer["repeated"]),
            *(one["path"] for one in answer["largest"]),
        ):
            yield self._show(path, 1)

    def _after_opening(self, _asked: Question, answer: Answered) -> Iterator[Question]:
        self._unfolded = tuple(answer["unfolded"])
        if self._unfolded:
            yield from (self._graph("", items=items, unfold=self._unfolded) for items in (FOLDED_AT, *_ROOTS_FOLDED_AT))
        for scope in answer["scopes"]:
            yield self._ask("graph", 1, scope=scope, items=FOLDED_AT, plumbing=False, unfold=self._in(scope))

    def _after_measures(self, _asked: Question, answer: Sequence[Answered]) -> Iterator[Question]:
        self._measures = tuple(measure["name"] for measure in answer)
        return iter(())

    def _after_graph(self, asked: Question, answer: Answered) -> Iterator[Question]:
        scope, chosen = answer["scope"], dict(asked.parameters)
        unfold = tuple(value for name, value in asked.parameters if name == "unfold")
        same = {"scope": scope, "items": chosen["items"], "plumbing": False, "unfold": unfold}
        for item in answer["items"]:
            if item["can_open"]:
                yield self._graph(item["path"], rank=1)
            is_rest = item["group"] in ("rest", "run")
            if item["total_members"] > 1 and chosen["items"] == str(FOLDED_AT):
                one = () if is_rest else (item["path"],)
                yield self._graph(scope, UNFOLDED_AT if is_rest else FOLDED_AT, (*unfold, *one), rank=_LATE)
            yield self._show(item["path"], 2 if item["can_open"] or item["kind"] == "variable" else 5)
        if chosen["items"] != str(FOLDED_AT) or unfold != self._in(scope):
            return  # in other pictures of the scope links and measures are those of the server
        ends = [*answer["items"], *answer["outside"]]
        for link in answer["links"]:
            source, target = ends[link["source"]]["id"], ends[link["target"]]["id"]
            yield self._ask("graph/edges", _level(scope) + 6, **same, source=source, target=target, limit=_EDGES)
        for name in self._measures:
            yield self._ask("graph/measure", _level(scope) + 4, **same, name=name)

    def _after_map_opening(self, _asked: Question, answer: Answered) -> Iterator[Question]:
        yield self._map(answer["variables"], answer["ops"])
        yield self._map(answer["variables"], answer["ops"], _LATE, shared=True)

    def _after_map(self, asked: Question, answer: Answered) -> Iterator[Question]:
        """Open or close one more scope of the map, from what it is opened to at first."""
        if asked.rank > 1:
            return
        opened = {side: [value for name, value in asked.parameters if name == side] for side in ("left", "right")}
        for side, nodes in (("left", answer["variables"]), ("right", answer["ops"])):
            for node in nodes:
                if not node["is_scope"]:
                    continue
                path, now = node["path"], opened[side]
                more = [one for one in now if one != path] if path in now else [*now, path]
                changed = {**opened, side: more}
                yield self._map(changed["left"], changed["right"], _LATE)

    def _after_tree(self, asked: Question, answer: Answered) -> Iterator[Question]:
        tree, scope, chosen = answer["tree"], answer["scope"], dict(asked.parameters)
        fold = chosen["fold"] == "true"
        shown = answer["offset"] + len(answer["rows"])
        if answer["rows"] and shown < answer["total"]:
            yield self._tree(tree, scope, fold=fold, offset=shown)
        if fold and any(row["members"] for row in answer["rows"]):
            yield self._tree(tree, scope, fold=False)
        for row in answer["rows"]:
            if row["is_scope"]:
                yield self._tree(tree, row["path"])
                yield self._ask("findings", _level(row["path"]) + 3, scope=row["path"])
            yield self._show(row["path"], 2 if row["is_scope"] or tree == "variables" else 5)
            if tree == "variables" and self._has_values and row["has_shape"]:
                yield self._ask("values-of", _level(scope) + 7, name=row["path"])

    def _after_costs(self, asked: Question, answer: Answered) -> Iterator[Question]:
        chosen = dict(asked.parameters)
        if "sort" in chosen or "by_op" not in chosen:
            return
        for sort in get_args(CostKey):
            yield self._costs(answer["scope"], by_op=chosen["by_op"] == "true", sort=sort)
        if chosen["by_op"] == "false":
            yield self._ask("costs", _level(answer["scope"]) + 4, scope=answer["scope"], limit=_CELLS)
            for row in answer["rows"]:
                if row["is_scope"]:
                    yield self._costs(row["path"])

    def _after_find(self, asked: Question, answer: Answered) -> Iterator[Question]:
        shown = answer["offset"] + len(answer["hits"])
        if answer["hits"] and shown < min(answer["ops"], _MOST_NAMES):
            yield self._names(dict(asked.parameters)["q"], shown)

    def _after_lint(self, _asked: Question, answer: Answered) -> Iterator[Question]:
        for code in sorted({finding["code"] for finding in answer["findings"]}):
            yield question(f"lint/rules/{code}")
        for finding in answer["findings"][:_EDGES]:
            yield self._show(finding["where"], 3)


def questions_of_pair(a: str, b: str) -> Iterator[Question]:
    """Yield what the page asks about two models before anything is chosen, the one against the other."""
    yield question("diff", a=a, b=b, limit=_ENTRIES)
    yield question("diff", a=a, b=b, limit=1)
    yield question("diff/map", a=a, b=b, slots=False, same=True)
    yield question(f"models/{a}/lint", checkpoint=b)
    for form in get_args(CodeForm):
        yield question("diff/code", 1, a=a, b=b, form=form)
    for status in get_args(Status):
        yield question("diff", 1, a=a, b=b, status=[status], limit=_ENTRIES)


def _level(scope: str) -> int:
    return 0 if not scope else _STEP * (scope.count("/") + 1)


def _above(path: str) -> str:
    return path.rpartition("/")[0]
