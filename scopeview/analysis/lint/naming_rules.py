"""Rules about names: those that TensorFlow changed, and those that mean something else than they seem to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property

from scopeview.analysis.lint.rule import Found, Related, Severity, Subject, names, owned, rule, these
from scopeview.model.names import is_within, leaf_of, scope_of, split_uniquifier
from scopeview.model.op_types import APPLY
from scopeview.model.ops import OpTable
from scopeview.model.variables import Variable


@rule("G6", "uniquified-name", "warning")
def uniquified_name(subject: Subject) -> Iterator[Found]:
    """A variable whose last name ends in a number, beside an op or variable that has the name without it.

    Why: TensorFlow adds `_1` to a name that is taken, in any case of letters. The checkpoint key is then not what the
    code says, and changes with the order in which the graph is built.

    Example: `tf.Variable(1.0, name="w"); tf.Variable(2.0, name="w")` makes `w` and `w_1`

    Fix: give each variable a name of its own; if the number was chosen on purpose, ignore this.
    """
    context = subject.context
    if context.model.has_objects:
        return  # saving a TF 2 object graph numbers ops as it likes: names mean nothing there
    holder_of = _Holders(context.model.graph)
    renamed: dict[tuple[str, bool], list[tuple[Variable, str]]] = defaultdict(list)
    for variable in owned(context):
        base, number = split_uniquifier(leaf_of(variable.name))
        if not number or not variable.handles:
            continue
        taken = "/".join(filter(None, (scope_of(variable.name), base)))
        holder = holder_of(taken)
        if holder is not None:
            renamed[scope_of(variable.name), bool(variable.checkpoint_keys)].append((variable, holder))
    has_savers = bool(context.model.savers)
    for (_, is_saved), found in renamed.items():
        first, holder = found[0]
        base = split_uniquifier(leaf_of(first.name))[0]
        many = f"{len(found)} variables got" if len(found) > 1 else f"{first.name} got"
        message = (
            f"{many} a number, because their names were taken"
            if len(found) > 1
            else (f"{many} a number, because {holder} has the name {base}")
        )
        keys = "; their checkpoint keys have it too" if is_saved else ""
        evidence = [Related((variable.name, other), "beside") for variable, other in found]
        severity: Severity | None = "info" if has_savers and not is_saved else None
        twice = [variable.name for variable, _ in found]
        yield Found(first.name, message + keys, evidence, severity, made_twice=twice)


class _Holders:
    """Finds the op that holds a name; TensorFlow takes names that differ by case for one."""

    def __init__(self, graph: OpTable) -> None:
        self._graph = graph

    def __call__(self, name: str) -> str | None:
        return name if self._graph.row(name) is not None else self._by_case.get(name.casefold())

    @cached_property
    def _by_case(self) -> Mapping[str, str]:
        return {name.casefold(): name for name in reversed(self._graph.names)}


@rule("G13", "aliased-storage", "warning")
def aliased_storage(subject: Subject) -> Iterator[Found]:
    """Several resource variables that name one storage.

    Why: `VarHandleOp`s of equal `shared_name` and `container` are one variable at run time: what one assigns, the other
    reads, and a checkpoint stores it twice.

    Example: `tf.import_graph_def(graph_def, name="a"); tf.import_graph_def(graph_def, name="b")`

    Fix: import once, or give the imported variables a `shared_name` of their own.
    """
    groups: dict[tuple[str, str], list[Variable]] = defaultdict(list)
    for variable in subject.context.model.variables:
        if variable.kind == "resource" and variable.shared_name:
            groups[variable.container, variable.shared_name].append(variable)
    for (_, shared_name), found in groups.items():
        if len(found) > 1:
            yield Found(shared_name, f"{len(found)} variables name one storage, {shared_name}", names(found))


@rule("G14", "shared-name-differs", "warning")
def shared_name_differs(subject: Subject) -> Iterator[Found]:
    """A resource variable whose storage has another name than its op.

    Why: two graphs in one session share storage by `shared_name`, not by the name of the op; an import under a prefix
    renames the op and leaves `shared_name` as it was.

    Example: `tf.import_graph_def(graph_def)` makes the op `import/w` with `shared_name` `w`

    Fix: know that both name one storage; rename `shared_name` in the GraphDef where that is not wanted.
    """
    if subject.context.model.has_objects:
        return  # a SavedModel of TF 2 is loaded by objects; its names are of no consequence
    apart = [
        variable
        for variable in subject.context.model.variables
        if variable.kind == "resource" and variable.shared_name and variable.shared_name != variable.handle_op
    ]
    if apart:
        pairs = tuple(f"{variable.handle_op} -> {variable.shared_name}" for variable in apart)
        yield Found(apart[0].name, f"{these(apart)} with a storage of another name", pairs)


@rule("G15", "slot-in-doubled-scope", "info")
def slot_in_doubled_scope(subject: Subject) -> Iterator[Found]:
    """Optimizer slots that stand under an outer scope and the whole name of their variable.

    Why: an optimizer that is built inside a variable scope puts that scope before the variable's name, which has it
    already: `train/train/net/w/Adam`. The keys change when `minimize` moves.

    Example: `with tf.variable_scope("train"): tf.train.AdamOptimizer().minimize(loss)`

    Fix: call `minimize` outside of variable scopes, before the first checkpoint is kept.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for auxiliary in subject.context.auxiliary_variables:
        tail = f"/{auxiliary.primary}/{auxiliary.slot}"
        outer = auxiliary.variable.removesuffix(tail)
        is_slot = auxiliary.kind == "slot" and auxiliary.variable.endswith(tail)
        if auxiliary.primary and is_slot and is_within(auxiliary.primary, outer):
            groups[outer].append(auxiliary.variable)
    for outer, found in groups.items():
        count = len(set(found))
        yield Found(
            outer, f"{count} slot{'s' if count > 1 else ''} under {outer}/ and the variable's whole name", found
        )


@rule("G16", "two-optimizers", "warning")
def two_optimizers(subject: Subject) -> Iterator[Found]:
    """A variable that several optimizers update, each with slots of its own.

    Why: the slots differ by a number alone (`w/Adam`, `w/Adam_2`), so that their keys swap when the optimizers
    are built in another order, and a restore gives each the other's state.

    Example: `AdamOptimizer(1e-3).minimize(a); AdamOptimizer(1e-4).minimize(b)` over the same variables

    Fix: give each optimizer a `name`, or use one for both.
    """
    context = subject.context
    for variable in owned(context):
        slots = [slot for slot in context.auxiliary_variables.belonging_to(variable) if slot.kind == "slot"]
        if not any(split_uniquifier(slot.slot)[1] > 1 for slot in slots):
            continue
        updates = [access for access in context.accesses(variable).writers if APPLY.fullmatch(access.op_type)]
        if len(updates) > 1:
            evidence = (*(access.op for access in updates), *(slot.variable for slot in slots))
            yield Found(variable.name, f"{len(updates)} updates keep {len(slots)} slots for {variable.name}", evidence)


@rule("G20", "saver-renames", "info")
def saver_renames(subject: Subject) -> Iterator[Found]:
    """A saver that stores variables under other names than their own.

    Why: the checkpoint then has keys that no variable of the graph has; averages restored into their variables
    (`variables_to_restore`) look like this.

    Example: `tf.train.Saver({"old/name": w})`

    Fix: restore with a saver that has the same dictionary; `scopeview collections` lists what each saver renames.
    """
    for saver in subject.context.saving.savers:
        if saver.renamed and not saver.restores:
            pairs = tuple(f"{entry.variable} -> {entry.key}" for entry in saver.renamed)
            yield Found(saver.op, f"{saver.op} stores {len(pairs)} of {len(saver.keys)} keys under another name", pairs)
