"""`scopeview convert A --to OUT`: write the weights of an artifact under other names, in another form or format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scopeview.cli.options import InputFile, limit_options, limits, print_json, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.convert import ConvertOptions, ConvertPlan, Counterparts
    from scopeview.analysis.diff.matching.rules import Guidance
    from scopeview.analysis.diff.recipes import Recipe
    from scopeview.model.model import Model
    from scopeview.readers import Limits
    from scopeview.readers.stored_values import StoredValues


@click.command()
@click.argument("path", metavar="A")
@click.option("--to", "target", required=True, help="OUT.safetensors, .npz, .weights.h5, or a new checkpoint's prefix.")
@click.option("--like", help="An artifact whose names, shapes and dtypes are taken; variables are matched as in diff.")
@click.option("--values", is_flag=True, help="With --like: match by equal values too, where both sides have them.")
@click.option("--rule", "rules", multiple=True, metavar="OLD=NEW", help="How names of A are rewritten; repeatable.")
@click.option("--accept", type=click.Choice(["proposed"]), help="With --like: take what is only proposed as matched.")
@click.option("--map", "map_file", type=InputFile(), help="JSON of diff, or names to keys.")
@click.option("--reject", "rejected", multiple=True, metavar="NAME", help="With --like: NAME of A has no counterpart.")
@click.option("--drop", multiple=True, help="Leave out `slots`, `averages`, or names that fit a pattern. Repeatable.")
@click.option("--averages", is_flag=True, help="Write moving averages in place of the variables that have one.")
@click.option("--only", default="", help="Only variables within this variable scope.")
@click.option("--dequantize", is_flag=True, help="Write quantized weights as the numbers that they stand for, float32.")
@click.option("--cast", default="", help="float16, bfloat16, float32 or float64, for floating-point variables.")
@click.option("--resize", multiple=True, help="NAME=copy or NAME=mean: fill the rows that --like has more. Repeatable.")
@click.option("--dry-run", is_flag=True, help="Print the plan and write nothing.")
@click.option("--all", "show_all", is_flag=True, help="Print every tensor of the plan.")
@limit_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def command(  # noqa: PLR0913 - one parameter per option
    path: str,
    target: str,
    like: str | None,
    values: bool,
    rules: tuple[str, ...],
    accept: str | None,
    map_file: str | None,
    rejected: tuple[str, ...],
    drop: tuple[str, ...],
    averages: bool,
    only: str,
    dequantize: bool,
    cast: str,
    resize: tuple[str, ...],
    dry_run: bool,
    show_all: bool,
    as_json: bool,
) -> None:
    """Write the weights of A to a new file: other names, without optimizer state, cast, resized, in another format.

    The source is never changed. Memory holds a block of one tensor at a time, or one tensor where it is transposed or
    resized. The new file is read back and compared, and OUT.manifest.json says what came from where. An HDF5 file like
    another holds all that this holds, since Keras loads no other: what A has no values for keeps those of --like.
    """
    from pathlib import Path

    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.convert import ConvertOptions, parse_dtype, parse_resize
    from scopeview.analysis.diff.matching.rules import guidance_of
    from scopeview.analysis.kept_variables import with_kept
    from scopeview.cli.progress import reading
    from scopeview.render.text.convert import plan_lines
    from scopeview.writers.convert import convert, is_filled_up, refuse_source
    from scopeview.writers.verify import verify

    bounds = limits()
    model, reader, target_model = _opened(path, like, bounds, dequantize)
    source, other = AnalysisContext(model), None if target_model is None else AnalysisContext(target_model)
    guidance = guidance_of(rules, _map(map_file), accept or "", rejected)
    names = dict(guidance.given)
    names = names if other is not None else _rewritten(source, rules) | names
    options = ConvertOptions(drop, averages, only, parse_dtype(cast), names, parse_resize(resize))
    plan = _planned(source, other, options, guidance, reader if values else None)
    if other is not None and is_filled_up(Path(target), other.model):
        plan = with_kept(plan, other)
    refuse_source(Path(target), [model])
    if as_json:
        print_json(plan)
    elif dry_run:
        click.echo("\n".join(plan_lines(plan, lines=None if show_all else 20)))
    if dry_run:
        return
    with reading("writing", plan.size_bytes) as on_written:
        convert(plan, model, reader, Path(target), on_written, bounds, target_model or model)
    verify(plan, Path(target))
    if not as_json:
        click.echo("\n".join(plan_lines(plan, lines=None if show_all else 0)))
        click.echo(f"wrote {target}; read back and equal to the plan")


def _opened(path: str, like: str | None, bounds: Limits, dequantize: bool) -> tuple[Model, StoredValues, Model | None]:
    """Open the source, with the reader of its values, and the side whose names are taken."""
    from scopeview.readers import limited, read, with_values
    from scopeview.readers.dequantize import dequantized

    with limited(bounds):
        found = with_values(read(path))
        return *(dequantized(*found) if dequantize else found), None if like is None else read(like)


def _planned(
    source: AnalysisContext,
    other: AnalysisContext | None,
    options: ConvertOptions,
    guidance: Guidance,
    values: StoredValues | None,
) -> ConvertPlan:
    """Return the plan; with another side its names are taken."""
    from scopeview.analysis.convert import plan_conversion

    if other is None:
        return plan_conversion(source, options)
    return plan_conversion(source, options, other, *_matched(source, other, guidance, values))


def _matched(
    source: AnalysisContext, other: AnalysisContext, guidance: Guidance, values: StoredValues | None
) -> tuple[Counterparts, Sequence[Recipe], Mapping[str, str]]:
    """Return what `counterparts` does; by values too, where a reader of A's is given."""
    from scopeview.analysis.counterparts import counterparts
    from scopeview.analysis.diff.namespace import namespace_of
    from scopeview.analysis.diff.value_proof import Proofs, proofs_of
    from scopeview.readers import with_values

    a, b = namespace_of(source), namespace_of(other)
    proofs = Proofs() if values is None else proofs_of(a, b, (values, with_values(other.model)[1]))
    return counterparts(a, b, guidance, proofs)


def _rewritten(source: AnalysisContext, rules: tuple[str, ...]) -> dict[str, str]:
    """Return new keys for the names that rules rewrite."""
    from scopeview.analysis.diff.matching.rules import rewritten, rule_of

    parsed = [rule_of(text) for text in rules]
    names = (variable.name for variable in source.model.variables)
    return {name: new for name in names if (new := rewritten(name, parsed))}


def _map(path: str | None) -> object:
    """Read `--map`: an object of names to keys, or what `diff --format json` prints.

    Raises:
        QueryError: it is none.
    """
    return {} if path is None else read_json(path)
