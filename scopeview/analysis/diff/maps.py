"""Python that TensorFlow runs, and maps that it accepts: from the keys of a checkpoint (A) to a graph's variables (B).

A `Saver` of a dictionary works for every variable, however it was made: the code finds variables by op name, and the
parts of a partitioned one by the slice that TensorFlow keeps with each. `init_from_checkpoint` takes the same
variables. With names in their place it knows those that `get_variable` made, and refuses or overlooks all others; a
map of names is therefore printed only of variables that may be such.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from scopeview.analysis.diff.match import Pair
from scopeview.model.names import sort_key
from scopeview.model.scopes import ScopeId, ScopeTree
from scopeview.model.shapes import Shape
from scopeview.model.variables import Variable

_VARIABLES = """\
variables = {{}}
for v in {collections}:
    part = v._save_slice_info  # of a partitioned variable: the whole is found by its name
    variables.setdefault(part.full_name if part else v.op.name, []).append(v)
variables = {{name: vs if vs[0]._save_slice_info else vs[0] for name, vs in variables.items()}}
"""

_SAVER = """\
saver = tf.compat.v1.train.Saver({{
{lines}
}})
# Initialize all variables first, then: saver.restore(session, checkpoint)"""

_INIT = """\
# checkpoint: the path of the checkpoint, without .index
tf.compat.v1.train.init_from_checkpoint(checkpoint, {{
{lines}
}})
# Before the session runs the initializers: they then take their values from the checkpoint."""

_ASSIGN = """\
# model: the object whose variables are filled; checkpoint: the path of the checkpoint, without .index
keys = {{
{lines}
}}
reader = tf.train.load_checkpoint(checkpoint)
for variable in model.variables:
    name = getattr(variable, "path", variable.name).partition(":")[0]
    if name in keys:
        variable.assign(reader.get_tensor(keys[name]))"""


def sources(pairs: Iterable[Pair], averages: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the key of the checkpoint that fills each variable of side B.

    Args:
        pairs: what was matched; pairs of different shapes, layouts or dtypes are left out.
        averages: names of moving averages in A, by the names of their variables, to be taken in place of these.
    """
    kept = averages or {}
    return {pair.b.name: kept.get(pair.a.name, pair.a.key) for pair in pairs if _fits(pair)}


def _fits(pair: Pair) -> bool:
    return pair.a.dtype == pair.b.dtype and not pair.axes and _is_compatible(pair.a.shape, pair.b.shape)


def _is_compatible(stored: Shape, wanted: Shape) -> bool:
    """Whether a stored tensor can fill a variable, as far as the graph knows the shape of it."""
    if stored is None or wanted is None:
        return True
    return len(stored) == len(wanted) and all(None in (a, b) or a == b for a, b in zip(stored, wanted, strict=True))


def saver_code(filled: Mapping[str, str], local: bool = False) -> str:
    """Return Python that restores side A into the variables of side B by a `Saver` of a dictionary.

    Args:
        filled: the key for each variable.
        local: whether some of the variables are local ones.
    """
    return _variables(local) + _SAVER.format(lines=_lines(filled))


def init_code(filled: Mapping[str, str], local: bool = False) -> str:
    """Return Python that initializes the variables of side B from side A, for programs that restore nothing."""
    return _variables(local) + _INIT.format(lines=_lines(filled))


def assign_code(filled: Mapping[str, str]) -> str:
    """Return Python that assigns values to the variables of an object of TensorFlow 2, found by their full names."""
    return _ASSIGN.format(lines="\n".join(f"    {name!r}: {key!r}," for name, key in sorted(filled.items())))


def _variables(local: bool) -> str:
    found = "tf.compat.v1.global_variables()"
    return _VARIABLES.format(collections=f"{found} + tf.compat.v1.local_variables()" if local else found)


def _lines(filled: Mapping[str, str]) -> str:
    return "\n".join(f"    {key!r}: variables[{name!r}]," for name, key in sorted(filled.items()))


def may_be_found_by_name(variable: Variable) -> bool:
    """Whether `get_variable` may have made a variable: `init_from_checkpoint` finds no other by its name.

    `get_variable` runs an initializer below the variable's own name; `tf.Variable` of a tensor does not. An artifact
    that does not keep initializers rules nothing out; a TensorFlow 2 object is never in the store of variables.
    """
    if variable.kind == "object":
        return False
    first = variable.initializer
    handles = variable.handles or (variable.name,)
    return first is None or any(first.op.startswith(f"{handle}/Initializer/") for handle in handles)


def assignment_map(filled: Mapping[str, str], target_names: Iterable[str]) -> dict[str, str]:
    """Return the map of names that fills the variables of side B from the checkpoint of side A.

    `tf.compat.v1.train.init_from_checkpoint` takes scopes and names: `{"old/": "new/", "a/w": "b/w"}`. A scope stands
    for every variable of it in the graph, and one of them that the checkpoint lacks is an error; so a scope is used
    only where every variable of it is mapped by that very change, and pairs are written for all others.

    Args:
        filled: the key for each variable.
        target_names: every variable of side B, to know which scopes are covered.
    """
    tree = ScopeTree(sorted(target_names, key=sort_key))
    found: dict[str, str] = {}
    covered: set[str] = set()
    scope = 0
    while scope < len(tree):
        rows = tree.names[int(tree.first[scope]) : int(tree.last[scope])]
        source = _source_scope(tree.path(ScopeId(scope)), rows, filled)
        if source is None or f"{source}/" in found:  # a dictionary holds one target for each source
            scope += 1
            continue
        path = tree.path(ScopeId(scope))
        found[f"{source}/" if source else "/"] = f"{path}/" if path else "/"
        covered.update(rows)
        scope = int(tree.subtree_end[scope])
    return found | {source: target for target, source in filled.items() if target not in covered}


def _source_scope(scope: str, names: Sequence[str], filled: Mapping[str, str]) -> str | None:
    """Return the scope of the checkpoint that has every variable of a target scope under the rest of its name."""
    source: str | None = None
    start = len(scope) + 1 if scope else 0
    for name in names:
        rest, stored = name[start:], filled.get(name)
        if stored is None or not (stored == rest or stored.endswith(f"/{rest}")):
            return None
        prefix = stored[: len(stored) - len(rest)].rstrip("/")
        if source not in (None, prefix):
            return None
        source = prefix
    return source


def python_map(mapping: Mapping[str, str]) -> str:
    """Return a map of names as a Python literal; names are quoted as JSON quotes them, which Python reads alike."""
    inner = "".join(f"    {json.dumps(source)}: {json.dumps(target)},\n" for source, target in mapping.items())
    return f"{{\n{inner}}}" if mapping else "{}"


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
