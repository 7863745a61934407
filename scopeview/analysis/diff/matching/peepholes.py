"""LSTMs of TensorFlow 1 with peepholes: their gates see the state of the cell too, as in no cell of Keras or PyTorch.

Source: `LSTMCell` in `rnn_cell_impl.py`, `LSTMBlockCell` in `contrib/rnn/python/ops/lstm_ops.py` of TensorFlow 1.15.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from scopeview.analysis.diff.matching.entries import Item
from scopeview.analysis.diff.matching.recurrent import recurrent_layers

_PEEPHOLE = re.compile(r"(.*/)w_[ifo]_diag", re.IGNORECASE | re.DOTALL)
_REASON = "part of an LSTM with peepholes, which no cell of Keras or PyTorch has"


def reasons_of_peepholes(a: Sequence[Item], b: Sequence[Item]) -> dict[str, str]:
    """Return why the variables of cells with peepholes have no counterpart in Keras or PyTorch, by their names.

    Args:
        a: the variables of one side.
        b: those of the other.
    """
    scopes = [{match[1] for item in side if (match := _PEEPHOLE.fullmatch(item.name))} for side in (a, b)]
    found: dict[str, str] = {}
    for ours, side, theirs, other in ((scopes[0], a, scopes[1], b), (scopes[1], b, scopes[0], a)):
        if ours and not theirs and any(layer.framework in ("keras", "torch") for layer in recurrent_layers(other)):
            found |= {item.name: _REASON for item in side if item.name.startswith(tuple(ours))}
    return found
