"""`scopeview convert A --to OUT`: write the weights of an artifact under other names, in another form or format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scopeview.cli.options import print_json

if TYPE_CHECKING:
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.convert import Counterparts


@click.command()
@click.argument("path", metavar="A")
@click.option("--to", "target", required=True, help="OUT.safetensors, OUT.npz, or the prefix of a new V2 checkpoint.")
@click.option("--like", help="An artifact whose names, shapes and dtypes are taken; variables are matched as in diff.")
@click.option("--map", "map_file", type=click.Path(exists=True, dir_okay=False), help="JSON of names to new keys.")
@click.option("--drop", multiple=True, help="Leave out `slots`, `averages`, or names that fit a pattern. Repeatable.")
@click.option("--averages", is_flag=True, help="Write moving averages in place of the variables that have one.")
@click.option("--only", default="", help="Only variables within this variable scope.")
@click.option("--cast", default="", help="float16, bfloat16, float32 or float64, for floating-point variables.")
@click.option("--resize", multiple=True, help="NAME=copy or NAME=mean: fill the rows that --like has more. Repeatable.")
@click.option("--dry-run", is_flag=True, help="Print the plan and write nothing.")
@click.option("--all", "show_all", is_flag=True, help="Print every tensor of the plan.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def command(  # noqa: PLR0913 - one parameter per option
    path: str,
    target: str,
    like: str | None,
    map_file: str | None,
    drop: tuple[str, ...],
    averages: bool,
    only: str,
    cast: str,
    resize: tuple[str, ...],
    dry_run: bool,
    show_all: bool,
    as_json: bool,
) -> None:
    """Write the weights of A to a new file: other names, without optimizer state, cast, resized, in another format.

    The source is never changed. Memory holds a block of one tensor at a time, or one tensor where it is transposed or
    resized. The new file is read back and compared, and OUT.manifest.json says what came from where.
    """
    from pathlib import Path

    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.convert import ConvertOptions, parse_dtype, parse_resize, plan_conversion
    from scopeview.cli.progress import reading
    from scopeview.readers import read, with_values
    from scopeview.render.text.convert import plan_lines
    from scopeview.writers.convert import convert, refuse_source
    from scopeview.writers.verify import verify

    model, values = with_values(read(path))
    source, other = AnalysisContext(model), None if like is None else AnalysisContext(read(like))
    options = ConvertOptions(
        drop=drop,
        averages=averages,
        only=only,
        cast=parse_dtype(cast),
        names=_map(map_file),
        resize=parse_resize(resize),
    )
    plan = plan_conversion(source, options, other, None if other is None else _matched(source, other))
    refuse_source(Path(target), [model])
    if as_json:
        print_json(plan)
    elif dry_run:
        click.echo("\n".join(plan_lines(plan, lines=None if show_all else 20)))
    if dry_run:
        return
    with reading("writing", plan.size_bytes) as on_written:
        convert(plan, model, values, Path(target), on_written)
    verify(plan, Path(target))
    if not as_json:
        click.echo("\n".join(plan_lines(plan, lines=None if show_all else 0)))
        click.echo(f"wrote {target}; read back and equal to the plan")


def _matched(source: AnalysisContext, other: AnalysisContext) -> Counterparts:
    from scopeview.analysis.convert import Counterpart
    from scopeview.analysis.diff.match import match
    from scopeview.analysis.diff.namespace import namespace_of

    pairs = match(namespace_of(source), namespace_of(other)).pairs
    return {pair.a.name: Counterpart(pair.b.name, pair.evidence, pair.axes) for pair in pairs}


def _map(path: str | None) -> dict[str, str]:
    """Read `--map`: an object of names to keys, as `diff --format json` prints one.

    Raises:
        QueryError: it is none.
    """
    import json
    from pathlib import Path

    from scopeview.errors import QueryError

    if path is None:
        return {}
    try:
        found = json.loads(Path(path).read_text("utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise QueryError(f"{path} is no JSON: {str(error)[:200]}") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise QueryError(f"{path} is no JSON object of names to names, as `scopeview diff --format json` prints one")
    return found
