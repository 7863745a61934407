"""What a conversion would do: which tensor goes where, under which name, in which form, and what stays behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.query import glob_pattern
from scopeview.errors import QueryError
from scopeview.model.dtypes import NON_NUMERIC, element_bytes
from scopeview.model.names import is_within
from scopeview.model.shapes import Shape, element_count
from scopeview.model.variables import Variable

Resize = Literal["copy", "mean"]
"""How rows that the source lacks are filled: from its first rows in turn, or with the mean of its rows."""

AUXILIARY_WORDS = {"slots": ("slot", "scalar"), "averages": ("average",)}
"""What `--drop` and `--only` call groups of auxiliary variables."""

OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """What is asked of a conversion."""

    drop: Sequence[str] = ()
    """`slots`, `averages`, or patterns of names to leave out."""
    averages: bool = False
    """Whether the moving average of a variable is written in its place, where there is one."""
    only: str = ""
    """Only variables within this variable scope."""
    cast: str = ""
    """The dtype that floating-point variables get; empty keeps theirs."""
    names: Mapping[str, str] = field(default_factory=dict)
    """New keys by the names of variables; what is not named keeps its key."""
    resize: Mapping[str, Resize] = field(default_factory=dict)
    """How variables of these names, or patterns, get the size that the other side has."""


@dataclass(frozen=True, slots=True)
class ConvertRow:
    """One tensor that is written."""

    source: str
    """The variable whose values it gets."""
    key: str
    """Its key in the new file."""
    dtype: str
    shape: tuple[int, ...]
    source_dtype: str
    source_shape: tuple[int, ...]
    axes: tuple[int, ...]
    """The order of the source's axes; empty if it stays."""
    resize: str
    """How it gets another size: `copy`, `mean`, or empty."""
    reason: str
    """What says that the values belong there."""


@dataclass(frozen=True, slots=True)
class NotConverted:
    """A variable that is left out, or that gets no values."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConvertPlan:
    """What a conversion would do."""

    source: str
    """The path that values come from."""
    like: str
    """The path whose names and shapes are taken; empty if none is."""
    rows: tuple[ConvertRow, ...]
    """Tensors that are written, sorted by key."""
    dropped: tuple[NotConverted, ...]
    """Variables of the source that are left out, and why."""
    unfilled: tuple[NotConverted, ...]
    """Variables of the other side that get no values, and why."""
    size_bytes: int
    """Bytes of all tensors that are written."""


@dataclass(frozen=True, slots=True)
class Counterpart:
    """The variable of the other side that a variable of the source becomes."""

    name: str
    evidence: str
    axes: tuple[int, ...] = ()
    """The order of the source's axes that gives the other's; empty if it stays."""


Counterparts = Mapping[str, Counterpart]
"""By the names of the source's variables."""


def plan_conversion(
    source: AnalysisContext,
    options: ConvertOptions,
    like: AnalysisContext | None = None,
    matched: Counterparts | None = None,
) -> ConvertPlan:
    """Plan a conversion; nothing is read or written.

    Args:
        source: the artifact with the values.
        options: what is asked.
        like: the artifact whose names, shapes and dtypes are taken.
        matched: with `like`, the pairs of variables that are one.

    Raises:
        QueryError: a name or an option fits nothing, or two tensors would get one key.
    """
    dropped: list[NotConverted] = []
    chosen = _chosen(source, options, dropped)
    unfilled: list[NotConverted] = []
    if like is None:
        rows = [_row(variable, values, options) for variable, values in chosen]
    else:
        rows = _like(chosen, like, matched or {}, options, dropped, unfilled)
    rows = [row for row in rows if row is not None]
    _check(rows, options, source)
    return ConvertPlan(
        source=source.model.origin.path,
        like=like.model.origin.path if like is not None else "",
        rows=tuple(sorted(rows, key=lambda row: row.key)),
        dropped=tuple(dropped),
        unfilled=tuple(unfilled),
        size_bytes=sum((element_count(row.shape) or 0) * (element_bytes(row.dtype) or 0) for row in rows),
    )


def _chosen(
    source: AnalysisContext, options: ConvertOptions, dropped: list[NotConverted]
) -> list[tuple[Variable, Variable]]:
    """Return the variables to write, each with the one whose values it gets."""
    averages = {
        auxiliary.primary: source.model.variables.named(auxiliary.variable)[0]
        for auxiliary in source.auxiliary_variables
        if auxiliary.kind == "average" and source.model.variables.named(auxiliary.variable)
    }
    found = []
    for variable in source.model.variables:
        reason = _why_dropped(source, variable, options)
        if reason:
            dropped.append(NotConverted(variable.name, reason))
        else:
            found.append((variable, averages.get(variable.name, variable) if options.averages else variable))
    return found


def _why_dropped(source: AnalysisContext, variable: Variable, options: ConvertOptions) -> str:
    """Return why a variable is left out; empty if it is not."""
    auxiliary = source.auxiliary_variables.of(variable)
    kind = auxiliary.kind if auxiliary is not None else ""
    for word, kinds in AUXILIARY_WORDS.items():
        if kind in kinds and (word in options.drop or (word == "averages" and options.averages)):
            return {"slot": "an optimizer slot", "scalar": "an optimizer's scalar", "average": "a moving average"}[kind]
    if variable.dtype in NON_NUMERIC or variable.name == OBJECT_GRAPH_KEY:
        return f"it holds no numbers but {variable.dtype}"
    if options.only and not is_within(variable.name, options.only):
        return f"outside {options.only}"
    patterns = [text for text in options.drop if text not in AUXILIARY_WORDS]
    fitting = next((text for text in patterns if glob_pattern(text).fullmatch(variable.name)), None)
    if fitting is not None:
        return f"it fits --drop {fitting}"
    return "" if _is_known(variable.shape) else "its shape is not known"


def _row(variable: Variable, values: Variable, options: ConvertOptions) -> ConvertRow:
    shape = _sizes(variable.shape)
    named = options.names.get(variable.name)
    return ConvertRow(
        source=values.name,
        key=named or key_of(variable),
        dtype=_cast(values.dtype, options.cast),
        shape=shape,
        source_dtype=values.dtype,
        source_shape=_sizes(values.shape),
        axes=(),
        resize="",
        reason="renamed by the map" if named else "its moving average" if values is not variable else "its own key",
    )


def _like(
    chosen: Iterable[tuple[Variable, Variable]],
    like: AnalysisContext,
    matched: Counterparts,
    options: ConvertOptions,
    dropped: list[NotConverted],
    unfilled: list[NotConverted],
) -> list[ConvertRow]:
    """Return the rows of the other side's variables, filled from their counterparts."""
    counterpart = dict(matched) | {name: Counterpart(other, "the map") for name, other in options.names.items()}
    targets = {variable.name: variable for variable in like.model.variables}
    rows, filled = [], set()
    for variable, values in chosen:
        other = counterpart.get(variable.name)
        target = targets.get(other.name) if other is not None else None
        if other is None or target is None:
            dropped.append(NotConverted(variable.name, "no counterpart on the other side"))
            continue
        row = _fitted(variable, values, target, options, other)
        if row is None:
            shapes = f"{list(values.shape or ())} here, {list(target.shape or ())} there"
            dropped.append(NotConverted(variable.name, f"another shape: {shapes}; --resize {variable.name}=copy"))
            continue
        rows.append(row)
        filled.add(target.name)
    unfilled += [
        NotConverted(name, "no counterpart in the source")
        for name, target in targets.items()
        if name not in filled and target.dtype not in NON_NUMERIC and target not in like.auxiliary_variables
    ]
    return rows


def _fitted(
    variable: Variable, values: Variable, target: Variable, options: ConvertOptions, other: Counterpart
) -> ConvertRow | None:
    """Return the row that gives a target its values; None where shapes say that they do not fit."""
    have, want = _sizes(values.shape), _sizes(target.shape)
    base = replace(
        _row(variable, values, options),
        key=key_of(target),
        dtype=_cast(target.dtype, options.cast),
        shape=want,
        reason=other.evidence,
    )
    if other.axes and tuple(have[axis] for axis in other.axes) == want:
        return replace(base, axes=other.axes)
    if have == want:
        return base
    how = next((how for text, how in options.resize.items() if glob_pattern(text).fullmatch(variable.name)), None)
    return replace(base, resize=how) if how is not None and have[1:] == want[1:] else None


def _check(rows: Sequence[ConvertRow], options: ConvertOptions, source: AnalysisContext) -> None:
    seen: dict[str, str] = {}
    for row in rows:
        if row.key in seen:
            raise QueryError(f"{seen[row.key]} and {row.source} would both be written as {row.key}; mend the map")
        seen[row.key] = row.source
    unknown = [name for name in options.names if not source.model.variables.named(name)]
    if unknown:
        raise QueryError(f"{source.model.origin.path} has no variable {unknown[0]}, which the map names")
    if not rows:
        raise QueryError("nothing is left to write; see the plan with --dry-run, and loosen --drop or --only")


def key_of(variable: Variable) -> str:
    """Return the key under which an artifact stores a variable."""
    return variable.checkpoint_keys[0] if variable.checkpoint_keys else variable.name


def parse_resize(texts: Iterable[str]) -> dict[str, Resize]:
    """Read `--resize NAME=copy|mean`.

    Raises:
        QueryError: a text is no such pair.
    """
    found: dict[str, Resize] = {}
    for text in texts:
        name, sign, how = text.rpartition("=")
        if not sign or how not in get_args(Resize):
            raise QueryError(f"--resize takes NAME=copy or NAME=mean, not {text!r}")
        found[name] = how  # type: ignore[assignment]
    return found


def parse_dtype(text: str) -> str:
    """Check the dtype of `--cast`.

    Raises:
        QueryError: it is no floating-point dtype.
    """
    if text and not re.fullmatch(r"float(16|32|64)|bfloat16", text):
        raise QueryError(f"--cast takes float16, bfloat16, float32 or float64, not {text!r}")
    return text


def _cast(dtype: str, wanted: str) -> str:
    return wanted if wanted and ("float" in dtype) else dtype


def _is_known(shape: Shape) -> bool:
    return shape is not None and None not in shape


def _sizes(shape: Shape) -> tuple[int, ...]:
    return tuple(size for size in shape or () if size is not None)
