from __future__ import annotations

import numpy as np

from scopeview.model.handed_on import first_inputs, handed_on
from tests.graphs import model_from_text

GRAPH = model_from_text(
    """
    w   VariableV2
    e   Enter    w
    s   Switch   e  p
    p   Const
    r   Identity s
    y   MatMul   p  e
    a   Identity b
    b   Identity a
    m   Identity nowhere
    c   NoOp     ^w
    """
).graph


def ends(most_steps: int) -> dict[str, str]:
    found = handed_on(
        GRAPH, GRAPH.are_of_type("VariableV2"), GRAPH.are_of_type("Enter", "Switch", "Identity"), most_steps
    )
    return {GRAPH.name(row): GRAPH.names[found[row]] for row in GRAPH if found[row] >= 0}


def test_an_end_is_handed_on_through_passes_alone() -> None:
    assert ends(9) == {"w": "w", "e": "w", "s": "w", "r": "w"}


def test_passes_are_looked_through_as_far_as_is_asked() -> None:
    assert ends(2) == {"w": "w", "e": "w", "s": "w"}


def test_first_inputs_are_those_of_the_file() -> None:
    source, port = first_inputs(GRAPH)

    first = [GRAPH.inputs(row)[:1] for row in GRAPH]
    assert source.tolist() == [edges[0].source if edges else -1 for edges in first]
    assert np.array_equal(port, [edges[0].port if edges else 0 for edges in first])
