"""What a conversion would do: which tensor goes where, under which name, in which form, and what stays behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Literal, get_args

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.matching.pieces import Piece
from scopeview.analysis.diff.namespace import Entry, namespace_of
from scopeview.analysis.diff.recipes import Recipe
from scopeview.analysis.query import glob_pattern
from scopeview.errors import QueryError
from scopeview.model.dtypes import NON_NUMERIC, element_bytes
from scopeview.model.names import is_within
from scopeview.model.shapes import Shape, element_count
from scopeview.model.variables import Variable

_ALONE = "no counterpart on the other side"

Resize = Literal["copy", "mean"]
"""How rows that the source lacks are filled: from its first rows in turn, or with the mean of its rows."""

AUXILIARY_WORDS = {"slots": ("slot", "scalar"), "averages": ("average",)}
"""What `--drop` and `--only` call groups of auxiliary variables."""


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
    pieces: tuple[Piece, ...] = ()
    """What it is joined of, where it is not one whole variable; `source` is then the first of them."""
    columns: int = 1
    """How many pieces one row of them has."""
    addends: int = 1
    """How many pieces that follow each other are added up before they are joined."""
    is_scaled: bool = False
    """Whether the first piece is a direction, the second its magnitude, the third its length: weight norm, folded."""
    note: str = ""
    """What the numbers stand for, where they are not the weights themselves: how they are quantized."""
    is_kept: bool = False
    """Whether the values are those that the other side has: the source has none for it."""


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
    is_reshaped: bool = False
    """Whether it gets another shape, its elements in the same order."""


Counterparts = Mapping[str, Counterpart]
"""By the names of the source's variables."""


def plan_conversion(
    source: AnalysisContext,
    options: ConvertOptions,
    like: AnalysisContext | None = None,
    matched: Counterparts | None = None,
    recipes: Sequence[Recipe] = (),
    reasons: Mapping[str, str] | None = None,
) -> ConvertPlan:
    """Plan a conversion; nothing is read or written.

    Args:
        source: the artifact with the values.
        options: what is asked.
        like: the artifact whose names, shapes and dtypes are taken.
        matched: with `like`, the pairs of variables that are one.
        recipes: with `like`, variables that are joined of several, or are parts of one.
        reasons: with `like`, why variables have no counterpart, where that is known.

    Raises:
        QueryError: a name or an option fits nothing, or two tensors would get one key.
    """
    dropped: list[NotConverted] = []
    chosen = _chosen(source, options, dropped)
    unfilled: list[NotConverted] = []
    if like is None:
        rows = [_row(variable, values, options) for variable, values in chosen]
    else:
        made = _joined_rows(chosen, recipes, options)
        rows = made + _like(chosen, like, matched or {}, options, dropped, unfilled)
        used = {piece.source for row in made for piece in row.pieces}
        dropped = [_explained(one, reasons or {}) for one in dropped if one.name not in used]
        unfilled = [one for one in unfilled if one.name not in {recipe.target.name for recipe in recipes}]
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
    entries = namespace_of(source).entries
    variables = variables_by_name(source)
    averages = {entry.primary: variables[name] for name, entry in entries.items() if entry.kind == "average"}
    found = []
    for name, entry in entries.items():
        variable = variables[name]
        reason = _why_dropped(entry, variable, options)
        if reason:
            dropped.append(NotConverted(variable.name, reason))
        else:
            found.append((variable, averages.get(variable.name, variable) if options.averages else variable))
    return found


def variables_by_name(source: AnalysisContext) -> dict[str, Variable]:
    """Return the variables of an artifact by names of their own: those that share a name go by their keys."""
    return {name: replace(entry.variable, name=name) for name, entry in namespace_of(source).entries.items()}


def _why_dropped(entry: Entry, variable: Variable, options: ConvertOptions) -> str:
    """Return why a variable is left out; empty if it is not."""
    kind = entry.kind
    for word, kinds in AUXILIARY_WORDS.items():
        if kind in kinds and (word in options.drop or (word == "averages" and options.averages)):
            return {"slot": "an optimizer slot", "scalar": "an optimizer's scalar", "average": "a moving average"}[kind]
    if variable.dtype in NON_NUMERIC:
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
        note=values.note,
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
    targets = variables_by_name(like)
    auxiliary = {name for name, entry in namespace_of(like).entries.items() if entry.kind != "variable"}
    rows, filled = [], set()
    for variable, values in chosen:
        other = counterpart.get(variable.name)
        target = targets.get(other.name) if other is not None else None
        if other is None or target is None:
            dropped.append(NotConverted(variable.name, _ALONE))
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
        if name not in filled and target.dtype not in NON_NUMERIC and name not in auxiliary
    ]
    return rows


def _explained(one: NotConverted, reasons: Mapping[str, str]) -> NotConverted:
    return replace(one, reason=reasons.get(one.name, one.reason)) if one.reason == _ALONE else one


def _joined_rows(
    chosen: Iterable[tuple[Variable, Variable]], recipes: Iterable[Recipe], options: ConvertOptions
) -> list[ConvertRow]:
    """Return the rows of variables that are joined of others, all of which are chosen."""
    values = {variable.name: held for variable, held in chosen}
    found = []
    for recipe in recipes:
        sources = [values.get(piece.source) for piece in recipe.pieces]
        first = sources[0]
        if first is None or None in sources:
            continue
        found.append(
            ConvertRow(
                source=first.name,
                key=key_of(recipe.target.variable),
                dtype=_cast(recipe.target.dtype, options.cast),
                shape=_sizes(recipe.target.shape),
                source_dtype=first.dtype,
                source_shape=_sizes(first.shape),
                axes=(),
                resize="",
                reason=recipe.evidence,
                pieces=tuple(
                    replace(piece, source=held.name)
                    for piece, held in zip(recipe.pieces, sources, strict=True)
                    if held is not None
                ),
                columns=recipe.columns,
                addends=recipe.addends,
                is_scaled=recipe.is_scaled,
            )
        )
    return found


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
    if other.axes and (other.is_reshaped or tuple(have[axis] for axis in other.axes) == want):
        return replace(base, axes=other.axes)
    if other.is_reshaped and prod(have) == prod(want):
        return base
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
    known = namespace_of(source).entries
    unknown = [name for name in options.names if name not in known]
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
