"""`scopeview merge A B C --to OUT`: average checkpoints of one model."""

from __future__ import annotations

import click

from scopeview.cli.options import limit_options, limits


@click.command()
@click.argument("paths", metavar="CHECKPOINT...", nargs=-1, required=True)
@click.option("--to", "target", required=True, help="OUT.safetensors, .npz, .weights.h5, or a new checkpoint's prefix.")
@click.option("--weights", default="", help="A number for each checkpoint, comma-separated; equal if left out.")
@click.option("--ema", type=float, help="The decay of a moving average over the checkpoints, in their order.")
@limit_options
def command(paths: tuple[str, ...], target: str, weights: str, ema: float | None) -> None:
    """Average the weights of several checkpoints of one model.

    Floating-point variables are averaged in float64; integers, such as a step, are taken from the last checkpoint. All
    must have the same names, shapes and dtypes. Memory holds one block of each.
    """
    from pathlib import Path

    from scopeview.cli.progress import reading
    from scopeview.errors import QueryError
    from scopeview.readers import limited, read, with_values
    from scopeview.render.formats import plural, printable
    from scopeview.writers.merge import merge, weights_of

    if len(paths) < 2:
        raise click.UsageError("name at least two checkpoints")
    try:
        numbers = [float(text) for text in weights.split(",") if text.strip()]
    except ValueError as error:
        raise QueryError(f"--weights takes numbers, comma-separated, not {weights!r}") from error
    shares = weights_of(len(paths), numbers, ema)
    with limited(limits()):
        sources = [with_values(read(path)) for path in paths]
    size = sum(variable.size_bytes or 0 for variable in sources[0][0].variables)
    with reading("merging", size) as on_written:
        done = merge(sources, shares, Path(target), on_written, limits())
    averaged, taken = plural(done.averaged, "variable"), plural(done.taken, "variable")
    click.echo(printable(f"wrote {target}: {averaged} averaged, {taken} taken from {paths[-1]}"))
