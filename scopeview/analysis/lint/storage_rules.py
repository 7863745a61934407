"""Rules about what a file holds: references that lead nowhere, devices, constants, partitions, frozen weights."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.writers import variable_behind
from scopeview.analysis.lint.rule import Found, Subject, by_scope, names, rule, these
from scopeview.analysis.lint.training_rules import holds_text
from scopeview.model.names import scope_of
from scopeview.model.ops import OpRow
from scopeview.model.variables import Variable

_HUGE_BYTES = 10_000_000
_LAST_SMALL_VERSION = 27
"""Version of graphs until 2018, which every TensorFlow of today reads; later ones count days."""
_REPLICA = re.compile(r"(.+)/replica_(\d+)", re.DOTALL)
_PART = re.compile(r".+/part_(\d+)", re.DOTALL)


@rule("G17", "dangling-collection", "warning", is_about_lack=True)
def dangling_collection(subject: Subject) -> Iterator[Found]:
    """A collection that names what the graph does not hold.

    Why: `import_meta_graph` fails or drops the member; the graph was cut after its collections were written.

    Example: a `PartitionedVariable` in a custom collection, whose whole was never made an op

    Fix: write the MetaGraph from the graph that is saved, with `clear_extraneous_savers` where savers are the cause.
    """
    for dangling in subject.context.model.dangling:
        if dangling.kind == "collection":
            yield Found(
                dangling.where,
                f"the collection {dangling.where} names {dangling.name}, which is not in the graph",
                (dangling.name,),
            )


@rule("G18", "collection-drift", "warning", is_about_lack=True)
def collection_drift(subject: Subject) -> Iterator[Found]:
    """Variables in no collection, and collections that list one variable twice.

    Why: what no collection lists, no default `Saver` and no default initializer touches; what is listed twice is
    restored twice, and breaks code that counts (tensorflow/tensorflow#6774: a second import doubles the lists).

    Example: `tf.get_variable("w", [3], collections=[])`

    Fix: give the variable a collection; import a MetaGraph into an empty graph. A string that is a constant of the
    graph, such as the file name of an asset, is shown as information only.
    """
    model = subject.context.model
    if model.collection("variables") is None:
        return
    loose = [
        variable
        for variable in model.variables
        if variable.kind in ("ref", "resource", "partitioned") and not variable.collections
    ]
    for where, found in by_scope(loose):
        is_meant = all(holds_text(subject.context, variable) for variable in found)
        yield Found(where, f"{these(found)} in no collection", names(found), "info" if is_meant else None)
    for collection in model.collections:
        if collection.kind != "variables":
            continue
        twice = [text for text, number in Counter(m.text for m in collection.members).items() if number > 1]
        if twice:
            yield Found(collection.name, f"{collection.name} lists {len(twice)} of its members twice", twice)


@rule("G19", "device-split", "warning")
def device_split(subject: Subject) -> Iterator[Found]:
    """What belongs to a variable stands on another device than the variable.

    Why: slots and the read beside a variable are placed with it, so that an update moves no data; apart, every step
    copies them. Readers of the computation may be anywhere, as towers are.

    Example: `with tf.device("/gpu:1"): slot = tf.get_variable("w/Momentum", ...)` while `w` is on `/gpu:0`

    Fix: make it under `tf.colocate_with(w)`, or let the optimizer make its slots.
    """
    context = subject.context
    for variable in context.model.variables:
        apart = list(_apart(context, variable)) if variable.device else []
        if apart:
            yield Found(
                variable.name,
                f"{variable.name} is on {variable.device}, and {len(apart)} of what belongs to it is not",
                [f"{name} on {device}" for name, device in apart],
            )
    yield from _missing_replicas(context)


def _apart(context: AnalysisContext, variable: Variable) -> Iterator[tuple[str, str]]:
    """Yield slots, and ops below the variable that read or write it, which are on another device."""
    for slot in context.auxiliary_variables.belonging_to(variable):
        for found in context.model.variables.named(slot.variable):
            if slot.kind == "slot" and found.device and found.device != variable.device:
                yield found.name, found.device
    graph = context.model.graph
    for access in (*context.accesses(variable).readers, *context.accesses(variable).writers):
        row = graph.row(access.op) if not access.function else None
        is_own = row is not None and scope_of(access.op) == variable.handle_op
        device = graph.device(row) if row is not None and is_own else ""
        if device and device != variable.device:
            yield access.op, device


def _missing_replicas(context: AnalysisContext) -> Iterator[Found]:
    """`w/replica_2` needs `w` and `w/replica_1`."""
    numbers: dict[str, set[int]] = {}
    for name in context.model.variables.names:
        match = _REPLICA.fullmatch(name)
        if match:
            numbers.setdefault(match[1], set()).add(int(match[2]))
    for name, found in numbers.items():
        missing = sorted({*range(1, max(found) + 1)} - found)
        if missing:
            yield Found(name, f"{name} has no replica {', '.join(map(str, missing))}", (name,))


@rule("G21", "huge-constant", "warning")
def huge_constant(subject: Subject) -> Iterator[Found]:
    """A constant of more than 10 MB.

    Why: constants are a part of the graph: it is copied with every session, written with every event file, and must
    stay below 2 GB in all. As the first value of a variable it is stored beside every checkpoint for nothing.

    Example: `tf.Variable(embeddings)` with a numpy array

    Fix: initialize from a placeholder or from a checkpoint; frozen weights are meant to be constants.
    """
    context = subject.context
    graph, columns = context.model.graph, context.model.graph.columns
    frozen = {
        handle for variable in context.model.variables if variable.kind == "frozen" for handle in variable.handles
    }
    for row in graph.rows_of_type("Const"):
        size = int(columns.raw_end[row] - columns.raw_start[row])
        if size < _HUGE_BYTES or graph.name(row) in frozen:
            continue
        first = [
            variable_behind(graph, e.target, 0) for e in graph.consumers(row) if _is_first_value(context, e.target)
        ]
        use = f", the first value of {first[0]}" if first and first[0] else ""
        yield Found(graph.name(row), f"{graph.name(row)} holds {size / 1e6:,.1f} MB{use}", (graph.name(row), *first))


def _is_first_value(context: AnalysisContext, row: OpRow) -> bool:
    return context.model.graph.op_type(row) in ("Assign", "AssignVariableOp")


@rule("G22", "needs-more-than-tensorflow", "info", is_about_lack=True)
def needs_more(subject: Subject) -> Iterator[Found]:
    """What keeps TensorFlow from importing the graph: ops it does not know, versions, inputs that are missing.

    Why: `import_graph_def` refuses the whole graph for one of these.

    Example: a custom op whose library was not loaded; a node that was cut off with its consumers left behind

    Fix: `tf.load_op_library`, a TensorFlow that is new enough, or the graph as it was before it was cut.
    """
    model = subject.context.model
    if model.op_outputs:
        listed = [name for name in model.graph.columns.types if name not in model.op_outputs]
        if listed:
            yield Found(listed[0], f"{len(listed)} op types are not in the graph's own list of ops", listed)
    if model.imported is not None and model.imported.unregistered:
        unknown = model.imported.unregistered
        yield Found(unknown[0], f"TensorFlow does not know {len(unknown)} op types", unknown)
    if (model.origin.min_consumer or 0) > _LAST_SMALL_VERSION:
        least = model.origin.min_consumer
        yield Found("versions", f"the graph needs a TensorFlow that reads graphs of version {least}", (str(least),))
    dangling = [found for found in model.dangling if found.kind in ("input", "function", "duplicate")]
    for found in dangling[:20]:
        yield Found(found.where, f"{found.kind} {found.name} of {found.where} is not there once", (found.name,))
    if len(dangling) > 20:
        more = [f"{found.where} -> {found.name}" for found in dangling[20:]]
        yield Found(dangling[20].where, f"{len(more):,} more references that lead nowhere", more)


@rule("G26", "import-refused", "warning")
def import_refused(subject: Subject) -> Iterator[Found]:
    """TensorFlow refused to import the graph; the message is its own.

    Why: a graph that `tf.compat.v1` refuses cannot be run, restored or converted, though it can be read.

    Example: a custom op whose library was not loaded; an attribute that a newer TensorFlow has removed

    Fix: what TensorFlow's message says. Rule G22 lists what can be shown without it.
    """
    report = subject.context.model.imported
    if report is not None and not report.ok:
        yield Found(
            "import", f"TensorFlow refused the graph: {report.error or 'it gave no reason'}", report.unregistered
        )


@rule("G27", "import-differs", "warning")
def import_differs(subject: Subject) -> Iterator[Found]:
    """TensorFlow rebuilt something else from the graph than what stands in the file.

    Why: code that imports the graph sees TensorFlow's version of it: ops renamed, members of collections missing.

    Example: a collection whose members are of a class that nobody registered with `ops.register_proto_function`

    Fix: import what defines the missing class, or remove the collection before the graph is exported.
    """
    report = subject.context.model.imported
    differences = report.differences if report is not None else ()
    if differences:
        yield Found("import", f"TensorFlow's import differs from the file: {differences[0]}", differences)


@rule("G23", "broken-partition", "warning")
def broken_partition(subject: Subject) -> Iterator[Found]:
    """A partitioned variable whose parts do not make up the whole.

    Why: a part that is missing, or that overlaps another, is restored from the wrong place of the whole.

    Example: a graph from which `embedding/part_1` was pruned

    Fix: save the graph with all parts; for a checkpoint, see whether a shard is missing.
    """
    for variable in subject.context.model.variables:
        if not variable.parts:
            continue
        numbers = [int(match[1]) for part in variable.parts if (match := _PART.fullmatch(part.name))]
        missing = sorted({*range(max(numbers, default=-1) + 1)} - {*numbers})
        volume = sum(math.prod(part.shape) for part in variable.parts)
        if missing:
            yield Found(
                variable.name,
                f"part {', '.join(map(str, missing))} of {variable.name} is missing",
                [part.name for part in variable.parts],
            )
        elif variable.parameters is not None and volume != variable.parameters:
            yield Found(
                variable.name,
                f"the parts of {variable.name} hold {volume:,} elements, the whole has {variable.parameters:,}",
                [f"{part.name} at {list(part.offset)} {list(part.shape)}" for part in variable.parts],
            )


@rule("G24", "frozen-graph", "info")
def frozen_graph(subject: Subject) -> Iterator[Found]:
    """A frozen graph: what were variables are constants.

    Why: nothing can be restored into it or trained; names are those of the constants, and freezing by TensorFlow 2
    keeps the name of the reader only.

    Example: `tf.compat.v1.graph_util.convert_variables_to_constants(...)`

    Fix: take the graph before freezing where variables are needed.
    """
    frozen = [variable for variable in subject.context.model.variables if variable.kind == "frozen"]
    if frozen:
        lost = [variable for variable in frozen if variable.note]
        kept = len(frozen) - len(lost)
        kinds = f"{kept:,} by their own names" if kept else ""
        kinds += f"{', ' if kinds and lost else ''}{len(lost):,} under the names of their readers" if lost else ""
        yield Found(frozen[0].name, f"{len(frozen):,} constants that were variables: {kinds}", names(frozen))
