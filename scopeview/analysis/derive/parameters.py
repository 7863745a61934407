"""Parameters as three numbers that nobody should add up: trained, not trained, optimizer state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scopeview.analysis.derive.auxiliary import AuxiliaryVariable
from scopeview.model.variables import Variable


@dataclass(frozen=True, slots=True)
class ParameterTotals:
    """Elements of the variables whose shape is known, by what they are for."""

    trained: int
    """Of trainable variables."""
    not_trained: int
    """Of variables that the model has for itself and does not train: statistics, tables, what is frozen."""
    optimizer: int
    """Of variables that exist for others: optimizer slots and scalars, moving averages, replicas."""
    unknown: int
    """Of variables of which the artifact does not say whether they are trained: a bare GraphDef, a checkpoint."""

    @property
    def model(self) -> int:
        """Parameters of the model itself: all but the optimizer state."""
        return self.trained + self.not_trained + self.unknown


def copies(variables: Iterable[Variable]) -> frozenset[str]:
    """Return the identities of objects that no op holds and that are the variable of an op once more, as Keras 3 saves.

    Full name, shape and dtype must agree.
    """
    known = list(variables)
    held = {(v.full_name, v.shape, v.dtype) for v in known if v.handle_op and v.full_name}
    return frozenset(v.identity for v in known if v.kind == "object" and (v.full_name, v.shape, v.dtype) in held)


def parameter_totals(
    variables: Sequence[Variable], auxiliary_variables: Mapping[str, AuxiliaryVariable]
) -> ParameterTotals:
    """Add up the parameters of variables, copies left out.

    Where the artifact does not say what is trained, the optimizer does, if it is there: what has slots is trained.

    Args:
        variables: the variables of a model.
        auxiliary_variables: what slots, averages and scalars belong to, by their names.
    """
    optimized = {one.primary for one in auxiliary_variables.values() if one.kind == "slot"}
    left_out = copies(variables)
    sums = {"trained": 0, "not_trained": 0, "optimizer": 0, "unknown": 0}
    for variable in variables:
        if variable.identity in left_out:
            continue
        if variable.name in auxiliary_variables:
            kind = "optimizer"
        elif variable.trainable or variable.name in optimized:
            kind = "trained"
        elif variable.trainable is None and not optimized and variable.kind != "frozen":
            kind = "unknown"
        else:
            kind = "not_trained"
        sums[kind] += variable.parameters or 0
    return ParameterTotals(**sums)
