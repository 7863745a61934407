"""Maps that TensorFlow accepts: from the names of a checkpoint (side A) to the variables of a graph (side B).

`tf.compat.v1.train.init_from_checkpoint` takes scopes and names: `{"old/": "new/", "a/w": "b/w"}`. A scope stands for
every variable of it in the graph, and one of them that the checkpoint lacks is an error; so a scope is used only where
every variable of it is mapped by that very change, and pairs are written for all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from scopeview.analysis.diff.match import Pair
from scopeview.model.names import sort_key
from scopeview.model.scopes import ScopeId, ScopeTree


def assignment_map(
    pairs: Iterable[Pair], target_names: Iterable[str], averages: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the map that fills the variables of side B from the checkpoint of side A.

    Args:
        pairs: what was matched; pairs of different shapes or dtypes are left out.
        target_names: every variable of side B, to know which scopes are covered.
        averages: names of moving averages in A, by the names of their variables, to be taken in place of these.
    """
    kept = averages or {}
    wanted = {pair.b.name: kept.get(pair.a.name, pair.a.key) for pair in pairs if pair.a.type == pair.b.type}
    tree = ScopeTree(sorted(target_names, key=sort_key))
    found: dict[str, str] = {}
    covered: set[str] = set()
    scope = 0
    while scope < len(tree):
        rows = tree.names[int(tree.first[scope]) : int(tree.last[scope])]
        source = _source_scope(tree.path(ScopeId(scope)), rows, wanted)
        if source is None or f"{source}/" in found:  # a dictionary holds one target for each source
            scope += 1
            continue
        path = tree.path(ScopeId(scope))
        found[f"{source}/" if source else "/"] = f"{path}/" if path else "/"
        covered.update(rows)
        scope = int(tree.subtree_end[scope])
    return found | {source: target for target, source in wanted.items() if target not in covered}


def _source_scope(scope: str, names: Sequence[str], wanted: Mapping[str, str]) -> str | None:
    """Return the scope of the checkpoint that has every variable of a target scope under the rest of its name."""
    source: str | None = None
    start = len(scope) + 1 if scope else 0
    for name in names:
        rest, stored = name[start:], wanted.get(name)
        if stored is None or not (stored == rest or stored.endswith(f"/{rest}")):
            return None
        prefix = stored[: len(stored) - len(rest)].rstrip("/")
        if source not in (None, prefix):
            return None
        source = prefix
    return source


def saver_code(pairs: Iterable[Pair]) -> str:
    """Return Python that restores side A into the variables of side B by a `Saver` with a dictionary."""
    mapped = [p for p in pairs if p.a.type == p.b.type]
    lines = [f"    {p.a.key!r}: variables[{p.b.name!r}]," for p in sorted(mapped, key=lambda p: p.b.name)]
    return "\n".join(
        [
            "variables = {v.op.name: v for v in tf.compat.v1.global_variables()}",
            "tf.compat.v1.train.Saver({",
            *lines,
            "})",
        ]
    )


def renaming(changes: Sequence[tuple[str, str]], pairs: Iterable[Pair], others: Iterable[str]) -> list[list[str]]:
    """Return pairs for `re.sub`, to be applied in their order, that rename every variable of A as it was matched.

    The rules are used if they do that, and leave the names in `others` alone; else each rename is a pair of its own.
    """
    wanted = {pair.a.name: pair.b.name for pair in pairs} | {name: name for name in others}
    rules = regex_rules(changes)
    if all(_renamed(name, rules) == new for name, new in wanted.items()):
        return rules
    return [[f"^{re.escape(old)}$", _template(new)] for old, new in wanted.items() if old != new]


def _renamed(name: str, rules: Iterable[Sequence[str]]) -> str:
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def regex_rules(changes: Iterable[tuple[str, str]]) -> list[list[str]]:
    r"""Return changes of prefixes (`a/`) and of leaves (`*/w`) as pairs for `re.sub`, in the order to apply them.

    >>> regex_rules([("", "model/"), ("*/weights", "*/kernel")])
    [['^', 'model/'], ['(^|/)weights$', '\\1kernel']]
    """
    return [
        [f"(^|/){re.escape(old[2:])}$", f"\\1{_template(new[2:])}"]
        if old.startswith("*/")
        else [f"^{re.escape(old)}", _template(new)]
        for old, new in changes
    ]


def _template(text: str) -> str:
    return text.replace("\\", r"\\")
