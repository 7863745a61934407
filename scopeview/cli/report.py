"""`scopeview report`."""

from __future__ import annotations

from pathlib import Path

import click

from scopeview.cli.options import Source, limits, print_json, source_options


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
    as_json: bool,
) -> None:
    """Write both trees, sharing, collections and findings as one HTML file, to attach to a review.

    The file needs no script and no network. With a CHECKPOINT, the findings say what a restore of it would do.
    """
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.lint.rule import Subject
    from scopeview.analysis.report import report
    from scopeview.errors import ScopeviewError
    from scopeview.readers import limited, read, read_beside
    from scopeview.render.html import report_html

    if output is None and not as_json:
        raise click.UsageError("say where the report goes: -o out.html, or -o - for standard output")
    model = Source(path, tags, artifact, importing, timeout).load(prints_notes=True)
    with limited(limits()):
        other = read(checkpoint) if checkpoint is not None else read_beside(model)
    found = report(Subject(AnalysisContext(model), AnalysisContext(other) if other is not None else None), lines=lines)
    if as_json:
        print_json(found)
    elif output == "-":
        click.echo(report_html(found), nl=False)
    else:
        assert output is not None
        try:
            Path(output).write_text(report_html(found), "utf-8")
        except OSError as error:
            raise ScopeviewError(
                f"{output} cannot be written: {error.strerror}; name a file in a folder that exists"
            ) from error
        click.echo(f"wrote {output}")
