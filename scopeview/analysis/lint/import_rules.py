"""Rules about what TensorFlow would refuse to import; all of them are certain without starting TensorFlow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.lint.rule import Found, Subject, rule
from scopeview.model.names import CONTROL
from scopeview.model.op_types import ARGUMENT_TYPE
from scopeview.model.ops import MISSING, OpRow, OpTable
from scopeview.model.registered_ops import RegisteredOp, registered_ops

_LOOPS = ("NextIteration", "RefNextIteration")
_FROZEN = ("Const", "Placeholder", "PlaceholderV2", "PlaceholderWithDefault")


def _shown(names: list[str]) -> str:
    """Return the templates of op names, the first three of them."""
    from scopeview.analysis.diff.templates import fold_names  # few graphs have anything to show

    templates = fold_names(names)
    rest = sum(len(template.names) for template in templates[3:])
    return ", ".join(template.text for template in templates[:3]) + (f" and {rest:,} more" if rest else "")


@rule("G30", "unregistered-op-type", "warning")
def unregistered_op_type(subject: Subject) -> Iterator[Found]:
    """An op type that TensorFlow does not register: "Op type not registered".

    Why: `import_graph_def` refuses the whole graph. The op types are those of the TensorFlow that the message names.

    Example: `TRTEngineOp` of TF-TRT; `Addons>GatherTree` of TensorFlow Addons

    Fix: load what defines the op before importing (`tf.load_op_library`, or the package before the `>`).
    """
    model, known = subject.context.model, registered_ops()
    tables = [("", model.graph), *((f"{name}: ", function.body) for name, function in model.functions.items())]
    unknown: dict[str, list[str]] = defaultdict(list)
    for prefix, table in tables:
        listed = [
            name for name in table.columns.types if name and name not in known.ops and name not in model.functions
        ]
        for row in table.rows_of_type(*(name for name in listed if name != ARGUMENT_TYPE)) if listed else ():
            unknown[table.op_type(row)].append(prefix + table.name(row))
    for op_type, ops in unknown.items():
        count = f"{len(ops):,} ops" if len(ops) > 1 else ops[0]
        yield Found(
            ops[0].rpartition(": ")[2] if len(ops) == 1 else op_type,
            f"{op_type} is no op type of TensorFlow {known.version}: {count}",
            ops,
        )


@rule("G31", "value-for-reference", "error")
def value_for_reference(subject: Subject) -> Iterator[Found]:
    """An input that must be a reference to a variable, fed by an op that gives a value: "expected float_ref".

    Why: `import_graph_def` refuses the graph. Freezing makes constants of variables; ops of the training branch that
    were left in (`RefSwitch`, `AssignSub` of batch normalization) then have nothing to refer to.

    Example: `convert_variables_to_constants` of a graph that was built with `is_training` as a placeholder

    Fix: build the graph for inference and freeze that; or make `RefSwitch` a `Switch`, `RefMerge` a `Merge`, and
    remove the assignments with their control dependencies.
    """
    graph, known = subject.context.model.graph, registered_ops().ops
    wanting = [name for name in graph.columns.types if name in known and _wants_any(known[name])]
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    first: dict[tuple[str, str], str] = {}
    for row in graph.rows_of_type(*wanting) if wanting else ():
        for edge in graph.inputs(row):
            source = known.get(graph.op_type(edge.source)) if edge.source != MISSING else None
            if edge.is_control or source is None or source.gives_reference:
                continue
            if known[graph.op_type(row)].wants_reference(edge.slot):
                group = graph.op_type(row), graph.op_type(edge.source)
                groups[group].append(graph.name(row))
                first.setdefault(group, graph.name(edge.source))
    for (op_type, source_type), ops in groups.items():
        where = ops[0] if len(ops) == 1 else f"{len(ops):,} {op_type} ops ({_shown(ops)})"
        frozen = "; the variable was frozen" if source_type in _FROZEN else ""
        source_name = first[op_type, source_type]
        message = f"{where}: an input must be a reference to a variable, and {source_name} ({source_type}) is none"
        yield Found(ops[0], message + frozen, ops)


def _wants_any(op: RegisteredOp) -> bool:
    return bool(op.references) or op.references_from is not None


@rule("G32", "cycle", "error")
def cycle(subject: Subject) -> Iterator[Found]:
    """Ops that wait for one another: a cycle that is no loop.

    Why: such a graph cannot run; TensorFlow refuses it when a session takes it.

    Example: a control dependency that was added from an op to one of its own inputs

    Fix: remove one of the inputs of the cycle; loops go through `NextIteration`.
    """
    for rows in _cycles(subject.context.model.graph):
        ops = [subject.context.model.graph.name(OpRow(row)) for row in rows]
        path = " -> ".join([*ops[:4], *(["..."] if len(ops) > 4 else []), ops[0]])
        yield Found(ops[0], f"a cycle of {len(ops):,} {'op' if len(ops) == 1 else 'ops'}: {path}", ops)


def _cycles(graph: OpTable) -> list[list[int]]:
    """Return one cycle of each group of ops that wait for one another, in the direction of the data."""
    source, target = graph.columns.source.astype(np.int64), graph.targets
    loops = np.zeros(len(graph) + 1, dtype=bool)
    loops[graph.rows_of_type(*_LOOPS)] = True
    kept = (source != MISSING) & ~loops[source]
    source, target = source[kept], target[kept]
    left = _on_cycles(graph.columns.definition, source, target)
    inside = left[source] & left[target]
    feeds: dict[int, int] = dict(zip(target[inside].tolist(), source[inside].tolist(), strict=True))
    found: list[list[int]] = []
    seen: set[int] = set()
    for row in np.flatnonzero(left).tolist():
        path: list[int] = []
        while row not in seen:
            seen.add(row)
            path.append(row)
            row = feeds[row]
        if row in path:
            found.append(path[path.index(row) :][::-1])
    return found


def _on_cycles(written: NDArray[np.int32], source: NDArray[np.int64], target: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which ops are on a cycle or between two: what is left when ops without inputs or outputs are removed.

    Most files have each op behind its inputs. Where some do not, a cycle lies between the first of these and the last
    of their inputs: it leads back once at least, and neither begins before nor ends behind a way back.

    Args:
        written: the place of each op in the file, shape (ops,).
        source: the op that each edge comes from, shape (edges,).
        target: the op that it leads to, shape (edges,).
    """
    size = len(written)
    is_back = written[source] >= written[target]
    if not is_back.any():
        return np.zeros(size, dtype=bool)
    first, last = int(written[target[is_back]].min()), int(written[source[is_back]].max())
    left: NDArray[np.bool_] = (written >= first) & (written <= last)
    for one, other in ((source, target), (target, source)):
        inside = left[one] & left[other]
        one, other = one[inside], other[inside]
        waiting = np.bincount(other, minlength=size)
        order = np.argsort(one, kind="stable")
        start = np.searchsorted(one[order], np.arange(size + 1)).tolist()
        follows, counts = other[order].tolist(), waiting.tolist()
        ready = np.flatnonzero(left & (waiting == 0)).tolist()
        while ready:
            row = ready.pop()
            left[row] = False
            for index in range(start[row], start[row + 1]):
                counts[follows[index]] -= 1
                if not counts[follows[index]]:
                    ready.append(follows[index])
    return left


@rule("G33", "op-without-type", "error")
def op_without_type(subject: Subject) -> Iterator[Found]:
    """Ops that name no type.

    Why: TensorFlow cannot make them, and refuses the graph.

    Example: a GraphDef that was edited by hand, or decoded by the wrong schema

    Fix: write the graph again from the program that made it.
    """
    graph = subject.context.model.graph
    ops = [graph.name(row) for row in graph.rows_of_type("")]
    if ops:
        yield Found(ops[0], f"{ops[0] if len(ops) == 1 else f'{len(ops):,} ops ({_shown(ops)})'} without a type", ops)


@rule("G34", "input-count", "error")
def input_count(subject: Subject) -> Iterator[Found]:
    """Ops that have more or fewer inputs than their type takes.

    Why: `import_graph_def` refuses the graph: "expected inputs do not match".

    Example: a node whose input was removed by a tool, and not the node itself

    Fix: remove the node too, or give it its input again.
    """
    model, known = subject.context.model, registered_ops().ops
    graph = model.graph
    counts = _data_inputs(graph)
    groups: dict[tuple[str, int, int], list[str]] = defaultdict(list)
    for index, op_type in enumerate(graph.columns.types):
        if op_type in known and op_type not in model.functions:
            rows = np.flatnonzero(graph.columns.type_id == index)
            for row, expected in _other_counts(graph, rows, counts, known[op_type]).items():
                groups[op_type, expected, int(counts[row])].append(graph.name(OpRow(row)))
    for (op_type, expected, number), ops in groups.items():
        where = ops[0] if len(ops) == 1 else f"{len(ops):,} {op_type} ops ({_shown(ops)})"
        yield Found(ops[0], f"{where}: {op_type} takes {expected} inputs, and has {number}", ops)


def _data_inputs(graph: OpTable) -> NDArray[np.int64]:
    """Return the number of data inputs of each op, those that are missing included: shape (ops,)."""
    data = graph.columns.port != CONTROL
    return np.bincount(graph.targets[data], minlength=len(graph))


def _other_counts(
    graph: OpTable, rows: NDArray[np.int64], counts: NDArray[np.int64], op: RegisteredOp
) -> Mapping[int, int]:
    """Return the number of inputs that is right for each row that has another."""
    if not op.lists:
        return dict.fromkeys(rows[counts[rows] != op.single].tolist(), op.single)
    found = {}
    for row in rows.tolist():
        expected = _expected(graph, OpRow(row), op)
        if expected is not None and expected != counts[row]:
            found[row] = expected
    return found


def _expected(graph: OpTable, row: OpRow, op: RegisteredOp) -> int | None:
    """Return how many inputs an op takes; None where its attributes do not say."""
    attributes, total = graph.attributes(row), op.single
    for name in op.lists:
        value = attributes.get(name)
        if isinstance(value, tuple):
            total += len(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            total += value
        else:
            return None
    return total
