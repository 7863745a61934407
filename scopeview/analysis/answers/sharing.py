"""Who shares what? Every variable with the op scopes that use it, as `scopeview sharing --json` states it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from scopeview.analysis.answers.trace import VariableHistory
from scopeview.analysis.answers.traced import history_of
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.accesses import Access
from scopeview.analysis.derive.auxiliary import AuxiliaryVariable
from scopeview.analysis.derive.call_sites import CallSite
from scopeview.analysis.derive.roles import TRAINING, Role
from scopeview.analysis.suggestions import not_found
from scopeview.analysis.variable_row import VariableFacts, VariableRow, facts_of
from scopeview.errors import NotFoundError
from scopeview.model.display import Displayed
from scopeview.model.model import Model, SaverEntry
from scopeview.model.names import is_within, scope_of
from scopeview.model.object_paths import ROOT, object_names
from scopeview.model.scopes import ScopeId
from scopeview.model.variables import Variable


@dataclass(frozen=True, slots=True)
class VariableUse(VariableFacts):
    """One variable and everything that ties it to the op tree."""

    creation_scope: str
    """The op scope that its op stands in."""
    call_sites: tuple[CallSite, ...]
    readers: tuple[Access, ...]
    writers: tuple[Access, ...]
    is_cut: bool
    """Whether readers and writers are not complete, because functions call functions too often."""
    slots: tuple[AuxiliaryVariable, ...]
    """Variables that exist for this one: optimizer slots, averages, replicas."""
    roles: Mapping[Role, int]
    """Accesses by what they serve."""
    unread: str
    """Why the computation does not read it; empty if it does."""
    savers: tuple[SaverEntry, ...]
    history: VariableHistory | None
    """Where it was created and reused, and which flag decided; null where no trace says it."""


@dataclass(frozen=True, slots=True)
class SharedScope:
    """Variables that are shared in one way: a scope that was entered at several places, whatever lies below it."""

    scope: str
    """The variable scope; empty for the root."""
    call_sites: tuple[str, ...]
    """The op scopes that it was entered as, in the order of the first variable's call sites."""
    variables: int
    parameters: int


@dataclass(frozen=True, slots=True)
class SharingReport(Displayed):
    """The variables that were asked for, and how many there are in all."""

    variables: tuple[VariableUse, ...]
    total: int
    """Variables that fit."""
    model_variables: int
    """Variables of the model, or of the scope or collection asked for, those that exist for another left out."""
    shared: int
    """How many of these the computation uses at two places or more."""
    scopes: tuple[SharedScope, ...]
    """How these are shared, those of most variables first."""

    def __repr__(self) -> str:
        """Say what it is in a line; all of it would fill screens."""
        return f"<SharingReport: {self.shared:,} of {self.model_variables:,} variables shared, {self.total:,} listed>"


def sharing(
    context: AnalysisContext,
    *,
    minimum: int = 2,
    scope: str = "",
    collection: str = "",
    attached: bool = False,
    limit: int | None = None,
) -> SharingReport:
    """List the variables that are used at several places.

    Args:
        context: the model, analyzed.
        minimum: uses that a variable must have; 0 lists all.
        scope: only variables within this variable scope.
        collection: only members of this collection.
        attached: whether slots and other variables that exist for another are listed too.
        limit: how many to describe; the totals are always complete.

    Raises:
        NotFoundError: there is no such variable scope, or no such collection.
    """
    model = context.model
    if scope and model.variable_scopes.find(scope) is None and not model.variables.named(scope):
        raise NotFoundError(not_found(model, scope, _variable_scopes(model), "no variable scope"))
    if collection and model.collection(collection) is None:
        raise NotFoundError(not_found(model, collection, [c.name for c in model.collections], "no collection"))
    within = [
        variable
        for variable in model.variables
        if is_within(variable.name, scope) and (not collection or collection in variable.collections)
    ]
    owned = [variable for variable in within if variable not in context.auxiliary_variables]
    chosen = [variable for variable in (within if attached else owned) if context.uses(variable) >= minimum]
    return SharingReport(
        tuple(use_of(VariableRow(context, variable)) for variable in chosen[:limit]),
        len(chosen),
        len(owned),
        sum(context.uses(variable) > 1 for variable in owned),
        _by_scope(context, owned),
    )


def _by_scope(context: AnalysisContext, variables: Sequence[Variable]) -> tuple[SharedScope, ...]:
    """Tell shared variables by what sets their call sites apart: `a/x/w` at `a/x` and `a_1/x` is `a` at `a`, `a_1`."""
    found: dict[tuple[str, tuple[str, ...]], list[Variable]] = defaultdict(list)
    for variable in variables:
        if context.uses(variable) > 1:
            home = scope_of(variable.name)
            sites = ["/".join(filter(None, (site.program, site.scope))) for site in context.call_sites(variable)]
            below = _common_end([home, *sites])
            cut = [path[: len(path) - len(below)].rstrip("/") for path in (home, *sites)]
            found[cut[0], tuple(dict.fromkeys(cut[1:]))].append(variable)
    shared = [
        SharedScope(scope, places, len(several), sum(v.parameters or 0 for v in several))
        for (scope, places), several in found.items()
    ]
    return tuple(sorted(shared, key=lambda one: -one.variables))


def _common_end(paths: Sequence[str]) -> str:
    """Return the segments that all paths end in.

    >>> _common_end(["a/b/c", "x/b/c"]), _common_end(["a", "b"])
    ('b/c', '')
    """
    split = [path.split("/") for path in paths]
    length = 0
    while all(len(path) > length for path in split) and len({path[-1 - length] for path in split}) == 1:
        length += 1
    return "/".join(split[0][len(split[0]) - length :])


def sharing_of(context: AnalysisContext, name: str) -> SharingReport:
    """Tell the whole story of one variable; of several where they bear one name.

    Raises:
        NotFoundError: there is no such variable; the message proposes names that are near.
    """
    found = variables_called(context.model, name)
    if not found and context.model.variable_scopes.find(name.rstrip("/")) is not None:
        raise NotFoundError(
            f"{name!r} is a variable scope, and no variable; for all that is in it: --scope {quote(name)}"
        )
    if not found:
        raise NotFoundError(not_found(context.model, name, context.model.variables.names, "no variable"))
    uses = tuple(use_of(VariableRow(context, variable)) for variable in found)
    return SharingReport(uses, len(uses), len(uses), sum(use.uses > 1 for use in uses), _by_scope(context, found))


def use_of(row: VariableRow) -> VariableUse:
    """Describe one variable."""
    both, handles = row.accesses, row.variable.handles
    return VariableUse(
        **facts_of(row, VariableUse),
        creation_scope=scope_of(handles[0]) if handles else "",
        readers=both.readers,
        writers=both.writers,
        is_cut=both.is_cut,
        slots=row.auxiliary,
        roles=Counter(access.role for access in (*both.readers, *both.writers)),
        unread="" if row.uses else _why_unread(row),
        savers=savers_of(row.context.model, row.variable),
        history=history_of(row.context, row.variable),
    )


def _why_unread(row: VariableRow) -> str:
    """Return why nothing uses a variable, as far as its file could be read."""
    auxiliary, variable = row.belongs_to, row.variable
    if variable.kind == "checkpoint":
        return "a checkpoint holds values and no graph that reads them"
    if auxiliary is not None:
        return f"it exists for {auxiliary.primary or 'an optimizer'} ({auxiliary.kind}, rule {auxiliary.rule})"
    if variable.kind == "traced":
        return "the record holds no graph that reads it"
    if variable.kind == "object":
        return "no function that is a program takes it: Keras saves it for training, or nothing uses it"
    reason = _unread_by(row)
    return f"as far as the file could be read, {reason}" if row.context.model.is_partial else reason


def _unread_by(row: VariableRow) -> str:
    readers = row.accesses.readers
    reasons = {access.no_use for access in readers if access.role == "forward"}
    if "predicate" in reasons:
        return "it only decides which branch runs"
    if "copy" in reasons:
        return "it is only copied to other variables"
    roles = {access.role for access in (*readers, *row.accesses.writers)}
    if roles & TRAINING:
        return "only training reads or writes it"
    if "forward" in roles:
        return "the computation writes it, and reads it nowhere but in what it writes"
    return f"only {', '.join(sorted(roles))} ops reach it" if roles else "no op of the graph reads or writes it"


def variables_called(model: Model, name: str) -> tuple[Variable, ...]:
    """Return the variables of a name: their own, a tensor's, a part's, a checkpoint key, an object path.

    TensorFlow's errors call an object `(root).model.head.kernel`; that name is understood too.
    """
    if name.startswith(ROOT):
        return tuple(variable for variable in model.variables if name in object_names(variable))
    found = model.variables.named(name) or model.variables.named(name.removesuffix(":0"))
    return found or tuple(variable for variable in model.variables if _is_called(variable, name))


def _is_called(variable: Variable, name: str) -> bool:
    """Whether a name is one of the variable's others: a key, a key without its attribute, an object path."""
    keys = variable.checkpoint_keys
    return name in keys or name in variable.object_paths or any(key.startswith(f"{name}/.ATTRIBUTES/") for key in keys)


def savers_of(model: Model, variable: Variable) -> tuple[SaverEntry, ...]:
    """Return what the savers write and restore of a variable."""
    return tuple(entry for entry in model.savers if entry.handle_op in variable.handles)


def _variable_scopes(model: Model) -> Iterator[str]:
    return (model.variable_scopes.path(ScopeId(scope)) for scope in range(1, len(model.variable_scopes)))
