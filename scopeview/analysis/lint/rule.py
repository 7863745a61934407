"""A rule of the linter: a function that finds, and a docstring that is its page in the documentation.

@rule("G6", "uniquified-name", "warning")
def uniquified_name(subject: Subject) -> Iterator[Found]:
    '''One sentence: what it finds.

    Why: why that matters.

    Example: code that leads there.

    Fix: what to do.
    '''
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from scopeview.model.names import scope_of

if TYPE_CHECKING:
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.work import Values
    from scopeview.model.trace import Frame
    from scopeview.model.variables import Variable

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

Needs = Literal["graph", "checkpoint", "pair", "objects", "trace"]
"""What a rule looks at: a graph, a checkpoint, both, an object graph of either, the trace of a program."""


@dataclass(frozen=True)
class Subject:
    """What is examined."""

    context: AnalysisContext
    checkpoint: AnalysisContext | None = None
    """The checkpoint to hold the graph against."""
    values: Values | None = None
    """Set where values may be read, which takes time."""


@dataclass(frozen=True, slots=True)
class Related:
    """Names that are one piece of evidence together."""

    names: Sequence[str]
    sign: Literal["beside", "=", "<-"]
    """What stands between them: next to each other, equal, or the second stored as the first."""

    def __str__(self) -> str:
        """Say it in a line."""
        return f" {self.sign} ".join(self.names)


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found in one place."""

    where: str
    """The variable, scope, op, key or file that it is about."""
    message: str
    evidence: Sequence[str | Related] = ()
    """Names of the ops, variables and keys that show it."""
    severity: Severity | None = None
    """Where it differs from the rule's."""
    fix: str = ""
    """What to do in this case, where that is more than the rule says."""
    frames: Sequence[Frame] = ()
    """The user's lines that it is about, innermost first, where a trace says them."""
    made_twice: Sequence[str] = ()
    """Variables that were made where others were meant: several rules see them, and one of these is listed."""


Check = Callable[[Subject], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    code: str
    name: str
    severity: Severity
    needs: Needs
    is_about_lack: bool
    """Whether it concludes from what the graph lacks: then it needs all of the graph."""
    check: Check
    summary: str
    """What it finds, in one sentence."""
    why: str
    example: str
    fix: str


RULES: dict[str, Rule] = {}
"""Every rule by its code, filled as the modules of rules are imported (see `lint.rules`)."""


_FAMILIES = ("G", "C", "GC", "O", "T")


def place_of(code: str) -> tuple[int, int]:
    """Return where a rule stands among all: by its family, then by its number."""
    family = code.rstrip("0123456789")
    return _FAMILIES.index(family), int(code.removeprefix(family))


def rule(
    code: str, name: str, severity: Severity, needs: Needs = "graph", *, is_about_lack: bool = False
) -> Callable[[Check], Check]:
    """Register a function as a rule; its docstring must have the parts that the module shows.

    Args:
        code: family and number.
        name: its name in words.
        severity: of its findings, where they have none of their own.
        needs: what it looks at.
        is_about_lack: whether it concludes from what the graph lacks (`no saver stores it`), which a truncated file
            does not show.
    """

    def register(check: Check) -> Check:
        summary, parts = _parse(inspect.getdoc(check) or "")
        assert code not in RULES, code
        texts = (summary, parts["Why"], parts["Example"], parts["Fix"])
        RULES[code] = Rule(code, name, severity, needs, is_about_lack, check, *texts)
        return check

    return register


def _parse(text: str) -> tuple[str, dict[str, str]]:
    """Split a docstring into its first paragraph and the paragraphs that begin with a word and a colon."""
    first, *paragraphs = text.split("\n\n")
    parts: dict[str, str] = {}
    current = ""
    for paragraph in paragraphs:
        head, colon, rest = paragraph.partition(":")
        if colon and head in ("Why", "Example", "Fix"):
            current = head
            parts[current] = rest.strip()
        elif current:
            parts[current] += f"\n\n{paragraph}"
    return " ".join(first.split()), parts


def by_scope(variables: Iterable[Variable]) -> Iterator[tuple[str, list[Variable]]]:
    """Group variables by their scope, so that a layer is one finding and not one per weight."""
    groups: dict[str, list[Variable]] = {}
    for variable in variables:
        groups.setdefault(scope_of(variable.name), []).append(variable)
    for scope, found in groups.items():
        yield (scope or found[0].name) if len(found) > 1 and scope else found[0].name, found


def names(variables: Iterable[Variable]) -> tuple[str, ...]:
    """Return the names of variables."""
    return tuple(variable.name for variable in variables)


def these(variables: Sequence[Variable], noun: str = "variable") -> str:
    """Name one variable, or count several: `w`, `3 variables`."""
    return variables[0].name if len(variables) == 1 else f"{len(variables):,} {noun}s"


def owned(context: AnalysisContext) -> Iterator[Variable]:
    """Yield the variables that exist for themselves: no slots, averages, replicas, scalars of optimizers."""
    return (variable for variable in context.model.variables if variable not in context.auxiliary_variables)
