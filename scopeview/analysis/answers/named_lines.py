"""Which lines of code does an answer name?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scopeview.analysis.answers.show import Detail
from scopeview.model.code_lines import CodeLine
from scopeview.model.trace import Frame

_FRAMES = 3
"""Of a stack: as many as are shown."""


def lines_of(found: Detail) -> Iterator[tuple[str, int]]:
    """Yield the file and line of every frame that an answer shows, in its order."""
    for stack in _stacks(found):
        yield from ((frame.file, frame.line) for frame in stack[:_FRAMES])


def _stacks(found: Detail) -> Iterator[Sequence[Frame] | Sequence[CodeLine]]:
    for variable in found.variables:
        if variable.use.history is not None:
            yield from (request.frames for request in variable.use.history.requests)
        yield from (stack.frames for site in variable.use.call_sites for stack in site.code)
    for variable_scope in found.variable_scopes:
        yield from (entry.frames for entry in variable_scope.entries)
    for scope in found.scopes:
        yield from (entry.frames for entry in scope.entries)
    yield from (op.code for op in found.ops)
