"""`scopeview report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopeview.cli.options import Source, limits, print_json, source_options

if TYPE_CHECKING:
    from scopeview.model.model import Model

_MEGA = 1_000_000


@click.command("report")
@source_options
@click.argument("checkpoint", required=False)
@click.option("-o", "--output", metavar="FILE", help="The HTML file to write; - for standard output.")
@click.option(
    "--lines",
    type=click.IntRange(10, 20_000),
    default=2000,
    show_default=True,
    help="Lines of either tree; the heaviest scopes open first.",
)
@click.option(
    "--interactive",
    is_flag=True,
    help="Write the page itself with its answers, to look around in: the graph, the map, the tables.",
)
@click.option(
    "--size",
    type=click.IntRange(1, 500),
    default=8,
    show_default=True,
    metavar="MB",
    help="With --interactive: how large the file may get; it says what it leaves out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the content as JSON, and write no file.")
def command(  # noqa: PLR0913 - one parameter per option
    path: str,
    checkpoint: str | None,
    tags: str | None,
    artifact: str | None,
    importing: bool,
    timeout: int,
    output: str | None,
    lines: int,
    interactive: bool,
    size: int,
    as_json: bool,
) -> None:
    """Write both trees, sharing, collections and findings as one HTML file, to attach to a review.

    The file needs no script and no network. With a CHECKPOINT, the findings say what a restore of it would do.
    With --interactive it is the page of scopeview serve with its answers inside: one file, no server, no network;
    with a CHECKPOINT it holds the diff as well.
    """
    from scopeview.readers import limited, read, read_beside

    if output is None and not as_json:
        raise click.UsageError("say where the report goes: -o out.html, or -o - for standard output")
    if interactive and as_json:
        raise click.UsageError("--json prints the content of a plain report: leave out --interactive")
    model = Source(path, tags, artifact, importing, timeout).load(prints_notes=True)
    with limited(limits()):
        other = read(checkpoint) if checkpoint is not None else read_beside(model)
    if interactive:
        assert output is not None
        _write_interactive(model, other, output, _MEGA * size, has_pair=checkpoint is not None)
        return
    _write(model, other, output, lines, as_json=as_json)


def _write(model: Model, other: Model | None, output: str | None, lines: int, *, as_json: bool) -> None:
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.lint.rule import Subject
    from scopeview.analysis.report import report
    from scopeview.render.html import report_html

    found = report(Subject(AnalysisContext(model), AnalysisContext(other) if other is not None else None), lines=lines)
    if as_json or output is None:
        print_json(found)
    elif output == "-":
        click.echo(report_html(found), nl=False)
    else:
        _save(output, report_html(found))
        click.echo(f"wrote {output}")


def _write_interactive(model: Model, other: Model | None, output: str, most_bytes: int, *, has_pair: bool) -> None:
    from scopeview.render.formats import bytes_text, plural
    from scopeview.server.interactive_report import interactive_report
    from scopeview.server.pages import static_folder
    from scopeview.workspace import Workspace

    workspace = Workspace()
    try:
        workspace.add(model, other)
        if has_pair and other is not None:
            workspace.add(other)
        found = interactive_report(workspace, static_folder(), most_bytes=most_bytes)
    finally:
        workspace.shut_down()
    if output == "-":
        click.echo(found.html, nl=False)
        return
    _save(output, found.html)
    click.echo(f"wrote {output}: {bytes_text(len(found.html))}, {plural(found.answers, 'answer')}")
    if found.left_out:
        more = "a larger --size has room for more" if found.is_full else "scopeview serve shows all"
        click.echo(f"left out: {found.left_out}; {more}")


def _save(output: str, text: str) -> None:
    from scopeview.errors import ScopeviewError

    try:
        Path(output).write_text(text, "utf-8")
    except OSError as error:
        raise ScopeviewError(
            f"{output} cannot be written: {error.strerror}; name a file in a folder that exists"
        ) from error
