"""How the stored values of variables are distributed, read a block at a time: memory stays small for any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scopeview.analysis.answers.query_matches import matching_variables
from scopeview.analysis.answers.sharing import variables_called
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.measuring import Measures, measured
from scopeview.analysis.suggestions import not_found
from scopeview.analysis.work import Reading, Values
from scopeview.errors import NotFoundError
from scopeview.model.dtypes import NON_NUMERIC
from scopeview.model.measured import Measured
from scopeview.model.shapes import Shape
from scopeview.model.variables import Variable

_NOT_WHOLE = "its values are not there, or not whole: a data file is missing or too short"


@dataclass(frozen=True, slots=True)
class VariableValues:
    """The values of one variable, as one checkpoint holds them; what has no number there is None."""

    variable: str
    checkpoint: str
    """Path of the artifact that holds the values."""
    shape: Shape
    dtype: str
    elements: int
    """Elements that were read: all of them, or none."""
    mean: Measured | None
    """Of the finite elements, as are deviation, minimum, maximum and l2."""
    deviation: Measured | None
    """Standard deviation, with n in the denominator, as numpy's `std` has it."""
    minimum: Measured | None
    maximum: Measured | None
    l2: Measured | None
    """Euclidean norm."""
    zeros: int
    nan: int
    inf: int
    histogram: tuple[int, ...]
    """Finite elements in bins of one width from `minimum` to `maximum`; empty where all are equal."""
    unread: str
    """Why nothing could be read; empty where it was."""


@dataclass(frozen=True, slots=True)
class ValuesReport:
    """The values of the variables that a query finds."""

    path: str
    variables: tuple[VariableValues, ...]
    total: int
    """Variables that fit, shown or not."""
    offset: int
    missing: int
    """Of those shown: how many should have values that are not there, or not whole."""


def values_report(
    context: AnalysisContext,
    values: Values,
    *,
    query: str = "",
    offset: int = 0,
    limit: int = 200,
    reading: Reading = Reading(),  # noqa: B008 - frozen
) -> ValuesReport:
    """Describe the values of variables, in the order of their names.

    Args:
        context: the artifact that holds them, analyzed.
        values: their reader.
        query: which variables, in the language of `scopeview find`; empty for all.
        offset: variables to skip.
        limit: variables to read.
        reading: what reads the values, and takes how much was read; the answer is the same.

    Raises:
        QueryError: the query cannot be understood.
        DamagedError: a file was rewritten while it was read.
    """
    fitting = matching_variables(context, query) if query.strip() else list(context.model.variables)
    shown = fitting[offset : offset + limit]
    found = _described(shown, values, context.model.origin.path, reading)
    missing = sum(one.unread == _NOT_WHOLE for one in found)
    return ValuesReport(context.model.origin.path, tuple(found), len(fitting), offset, missing)


def values_of(
    context: AnalysisContext, name: str, holders: Sequence[tuple[AnalysisContext, Values]]
) -> tuple[VariableValues, ...]:
    """Describe a variable's values as each of several checkpoints holds them; those that lack it are left out.

    Args:
        context: the model that has the variable.
        name: the variable.
        holders: checkpoints, analyzed, each with the reader of its values.

    Raises:
        NotFoundError: the model has no such variable.
    """
    called = variables_called(context.model, name)
    if not called:
        raise NotFoundError(not_found(context.model, name, context.model.variables.names, "no variable"))
    keys = [key for variable in called for key in (variable.name, *variable.checkpoint_keys)]
    entries = ((holder, values, _entry(holder, keys)) for holder, values in holders)
    return tuple(
        describe(entry, values, holder.model.origin.path) for holder, values, entry in entries if entry is not None
    )


def _entry(holder: AnalysisContext, keys: Sequence[str]) -> Variable | None:
    return next((holder.by_key()[key] for key in keys if key in holder.by_key()), None)


def describe(variable: Variable, values: Values, checkpoint: str) -> VariableValues:
    """Describe the values of one variable: one of several blocks is read twice, for the extremes and for the bins."""
    return _described([variable], values, checkpoint, Reading())[0]


def _described(
    variables: Sequence[Variable], values: Values, checkpoint: str, reading: Reading
) -> list[VariableValues]:
    readable = [variable for variable in variables if not _why_not(variable)]
    found = measured(readable, values, reading)
    by_variable = {id(variable): one for variable, one in zip(readable, found, strict=True)}
    return [_description(variable, checkpoint, by_variable.get(id(variable), Measures())) for variable in variables]


def _description(variable: Variable, checkpoint: str, measures: Measures) -> VariableValues:
    reason = _why_not(variable)
    if not reason and measures.moments.elements != variable.parameters:
        measures, reason = Measures(), _NOT_WHOLE
    found = measures.moments
    return VariableValues(
        variable=variable.name,
        checkpoint=checkpoint,
        shape=variable.shape,
        dtype=variable.dtype,
        elements=found.elements,
        mean=found.mean if found.finite else None,
        deviation=found.deviation if found.finite else None,
        minimum=found.minimum if found.finite else None,
        maximum=found.maximum if found.finite else None,
        l2=found.l2 if found.finite else None,
        zeros=found.zeros,
        nan=found.nan,
        inf=found.inf,
        histogram=measures.bins or (),
        unread=reason,
    )


def _why_not(variable: Variable) -> str:
    if variable.dtype in NON_NUMERIC:
        return f"{variable.dtype} is no number"
    return "complex numbers have no order" if variable.dtype.startswith("complex") else ""
