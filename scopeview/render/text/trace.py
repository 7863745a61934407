"""A trace as text: what the program built, the scopes with their flags, variables, refusals first."""

from __future__ import annotations

from collections.abc import Iterator

from scopeview.analysis.answers.refusals import BuildError
from scopeview.analysis.answers.trace import TraceReport, VariableHistory, counts
from scopeview.analysis.answers.trace_parts import Request, ScopeLine
from scopeview.model.names import leaf_of
from scopeview.model.trace import FunctionTrace
from scopeview.render.formats import printable, shape_text
from scopeview.render.text.styled import Text

_FRAMES = 3
_FLAG = {"yes": "reuse=True", "auto": "AUTO_REUSE", "no": "no reuse"}


def trace_text(report: TraceReport, *, lines: int | None = 60) -> Iterator[Text]:
    """Yield the lines of a report.

    Args:
        report: what was recorded.
        lines: how many scopes and how many variables to print; None prints all.
    """
    yield Text(_head(report), style="bold")
    if report.error:
        where = f" at {report.error_frames[0]}" if report.error_frames else ""
        yield Text(printable(f"the program ended with {report.error}{where}"), style="red")
    for refused in report.refused:
        yield Text("")
        yield from explanation(refused)
    yield Text("")
    yield Text("scopes", style="bold")
    yield from _listed([_scope(line) for line in report.scopes if line.path or line.kind == "variable_scope"], lines)
    yield Text("")
    yield Text("variables", style="bold")
    yield from _listed([line for history in report.variables for line in history_lines(history)], lines)
    again = [trace for trace in report.functions if trace.changed]
    if again:
        yield Text("")
        yield Text("traced again", style="bold")
        yield from _listed([line for trace in again for line in _traced_again(trace)], lines)
    if report.left_out:
        yield Text(f"{report.left_out} more events were not recorded: the limit was reached", style="yellow")


def _traced_again(trace: FunctionTrace) -> Iterator[Text]:
    where = f", called at {trace.frames[0]}" if trace.frames else ""
    yield Text(printable(f"  {trace.function}, tracing {trace.times}{where}"))
    for change in trace.changed:
        yield Text(printable(f"    {change}"), style="yellow")


def _head(report: TraceReport) -> str:
    numbers = counts(report)
    ops = sum(graph.ops for graph in report.graphs)
    graphs = f"{len(report.graphs)} graph{'' if len(report.graphs) == 1 else 's'}"
    return (
        f"{printable(report.program)} · TensorFlow {report.tensorflow_version} · {graphs}, {ops:,} ops · "
        f"{len(report.scopes)} scopes · {numbers['created']} variables created, {numbers['reused']} reused"
        + (f", {numbers['refused']} refused" if numbers["refused"] else "")
    )


def explanation(refused: BuildError) -> Iterator[Text]:
    """Yield the explanation of a refusal: what, where, which flag, what it clashes with, what to do."""
    yield Text(printable(refused.message), style="bold red")
    yield Text(printable(f"  asked for at   {_where(refused.request)}"))
    for line in refused.scopes:
        yield Text(printable(f"  in scope       {'  ' * line.depth}{_scope_text(line)}"))
    flag = _FLAG[refused.request.reuse]
    origin = f" ({refused.request.reuse_origin})" if refused.request.reuse_origin else ""
    yield Text(printable(f"  flag in force  {flag}{origin}"))
    if refused.other is not None:
        yield Text(printable(f"  created at     {_where(refused.other)}, shape {shape_text(refused.other.shape)}"))
    if refused.suggestions:
        yield Text(printable(f"  similar names  {', '.join(refused.suggestions)}"))
    yield Text(printable(f"  fix            {refused.fix}"), style="green")


def history_lines(history: VariableHistory) -> Iterator[Text]:
    """Yield a variable, then a line for each place that asked for it."""
    yield Text(printable(f"  {history.name} {shape_text(history.shape)} {history.dtype}"), style="cyan")
    for request in history.requests:
        origin = f", {request.reuse_origin}" if request.reuse_origin else ""
        flag = f" ({_FLAG[request.reuse]}{origin})" if request.maker == "get_variable" or origin else ""
        yield Text(printable(f"    {request.action:8} {request.maker} at {_where(request)}{flag}"))


def _scope(line: ScopeLine) -> Text:
    return Text(
        printable(f"  {'  ' * line.depth}{_scope_text(line)}"), style="" if line.kind == "variable_scope" else "dim"
    )


def _scope_text(line: ScopeLine) -> str:
    name = (leaf_of(line.path) if line.entered_by == "default name" else line.name) or line.path or "(root)"
    times = f" x{line.times}" if line.times > 1 else ""
    if line.kind == "name_scope":
        return f"{name}{times}  name scope  {_place(line)}"
    is_its_own = line.reuse_origin.startswith("entered")  # at the line that ends this one
    origin = f": {line.reuse_origin}" if line.reuse_origin and not is_its_own else ""
    by = " by scope object" if line.entered_by == "scope object" else ""
    settings = "".join(f"  {key}={value}" for key, value in line.settings.items())
    return f"{name}{times}{by}  {_FLAG[line.reuse]}{origin}{settings}  {_place(line)}"


def _place(line: ScopeLine) -> str:
    return " <- ".join(map(str, line.frames[:_FRAMES]))


def _where(request: Request) -> str:
    return " <- ".join(map(str, request.frames[:_FRAMES])) or "a line that is not the program's own"


def _listed(rows: list[Text], lines: int | None) -> Iterator[Text]:
    shown = rows if lines is None else rows[:lines]
    yield from shown
    if len(rows) > len(shown):
        yield Text(f"  {len(rows) - len(shown)} more lines; --all prints them", style="dim")
