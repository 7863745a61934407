"""`scopeview diff`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from scopeview.cli.options import limit_options, limits, print_json, read_json
from scopeview.cli.running import runner, runner_options

if TYPE_CHECKING:
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.diff.matching.rules import Guidance
    from scopeview.analysis.diff.report import Diff
    from scopeview.analysis.diff.variables import Status
    from scopeview.model.model import Model

_ALIASES = {"added": "only_b", "removed": "only_a", "reshaped": "shape", "retyped": "dtype", "changed": "values"}


@click.command("diff")
@click.argument("a")
@click.argument("b")
@click.option("--values", is_flag=True, help="Read the values of both checkpoints and say how far they differ.")
@click.option("--scope", default="", metavar="PREFIX", help="Only variables in this variable scope, on either side.")
@click.option("--only", metavar="KINDS", help="Only these: added, removed, renamed, values, shape, dtype, same.")
@click.option("--ignore", metavar="WHAT", help="Leave out: slots (all that exists for another variable), or patterns.")
@click.option(
    "--assignment-map",
    "as_map",
    is_flag=True,
    help="Print Python that initializes B from A by init_from_checkpoint, whatever made the variables.",
)
@click.option(
    "--format",
    "output",
    default="text",
    show_default=True,
    help="Form of the output; saver: Python that restores A into B; map: names only, for what get_variable made; "
    "tf1, tf2, keras, torch, jax: Python that loads A into a model of that framework, kernels turned where needed.",
    type=click.Choice(["text", "json", "markdown", "saver", "map", "regex", "tf1", "tf2", "keras", "torch", "jax"]),
)
@click.option("--rule", "rules", multiple=True, metavar="OLD=NEW", help="How names of A are rewritten; repeatable.")
@click.option(
    "--map",
    "map_file",
    metavar="FILE",
    help="Pairs to take as they are: JSON of diff, or names to names; null for none.",
)
@click.option("--reject", "rejected", multiple=True, metavar="NAME", help="NAME of A has no counterpart; repeatable.")
@click.option("--accept", type=click.Choice(["proposed"]), help="Take what is only proposed as matched.")
@click.option("--averages", is_flag=True, help="In maps, take the moving average of a variable where A has one.")
@click.option("--fail-on", metavar="KINDS", help="Exit with 1 for these alone (also: graph, collections, restore).")
@click.option("--artifact-a", help="Which of several artifacts at A to open.")
@click.option("--artifact-b", help="Which of several artifacts at B to open.")
@click.option("--tags", help="Tag-set of the MetaGraph to open where a side is a SavedModel, comma-separated.")
@click.option("--all", "show_all", is_flag=True, help="List everything: no scopes folded, nothing left out.")
@limit_options
@runner_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the same as --format json.")
@click.option("--color/--no-color", default=None, help="Force color on or off; the default is on for a terminal.")
def command(  # noqa: PLR0913 - one parameter per option
    a: str,
    b: str,
    values: bool,
    scope: str,
    only: str | None,
    ignore: str | None,
    as_map: bool,
    output: str,
    rules: tuple[str, ...],
    map_file: str | None,
    rejected: tuple[str, ...],
    accept: str | None,
    averages: bool,
    fail_on: str | None,
    artifact_a: str | None,
    artifact_b: str | None,
    tags: str | None,
    show_all: bool,
    threads: int | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
    color: bool | None,
) -> None:
    """Compare the variables of A and B: checkpoints, graphs, SavedModels, event files, or JSON of inspect --json.

    Says what is the same, changed, renamed (with evidence), added and removed; for a graph and a checkpoint what a
    restore would do; for two graphs the op trees too. Values are compared by checksum, without reading them. Exit code
    0 when nothing differs, 1 when something does, 2 when a side cannot be read.
    """
    from scopeview.analysis.diff.report import diff
    from scopeview.analysis.diff.variables import Wanted
    from scopeview.analysis.work import Reading
    from scopeview.cli.progress import reading
    from scopeview.errors import DamagedError
    from scopeview.readers import limited
    from scopeview.readers.stored_values import reader_of
    from scopeview.render.formats import plural

    form = "init" if as_map else "json" if as_json else output
    kinds, fatal = _kinds(only), _kinds(fail_on, also=("graph", "collections", "restore"))
    guidance = _guidance(rules, map_file, accept, rejected)
    wanted = Wanted(scope.strip("/"), kinds, _listed(ignore), maps=form in ("json", "regex"))
    with limited(limits()):
        opened = _open(a, artifact_a, tags), _open(b, artifact_b, tags)
    sides = opened[0][0], opened[1][0]
    readers = (reader_of(opened[0][1]), reader_of(opened[1][1])) if values else None
    size = int(sides[0].model.variables.size_bytes.sum())
    asked = (threads, workers, scheduler) if values else (None, None, None)
    with runner(*asked) as running, reading("comparing values", size, shown=values) as on_read:
        how = Reading(running, on_read)
        found = diff(*sides, wanted=wanted, from_averages=averages, values=readers, reading=how, guidance=guidance)
    _print(found, form, show_all, color)
    sys.stdout.flush()
    if found.report.differs(fatal or kinds):
        sys.exit(1)
    if found.report.not_compared:  # nobody may take this for "nothing differs"
        count = plural(found.report.not_compared, "variable")
        raise DamagedError(f"nothing differs that could be read, but the values of {count} could not be, on both sides")


def _guidance(rules: tuple[str, ...], map_file: str | None, accept: str | None, rejected: tuple[str, ...]) -> Guidance:
    from scopeview.analysis.diff.matching.rules import guidance_of

    content = {} if map_file is None else read_json(map_file)
    return guidance_of(rules, content, accept or "", rejected)


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _kinds(text: str | None, also: tuple[str, ...] = ()) -> list[Status]:
    """Return the statuses that a list of kinds names."""
    from scopeview.analysis.diff.variables import STATUSES
    from scopeview.errors import QueryError

    found = [_ALIASES.get(kind, kind) for kind in _listed(text)]
    for kind in found:
        if kind not in STATUSES and kind not in also:
            known = ", ".join([*_ALIASES, *STATUSES, *also])
            raise QueryError(f"there is no kind of difference called {kind!r}; there are {known}")
    return found  # type: ignore[return-value]


def _open(path: str, artifact: str | None, tags: str | None) -> tuple[AnalysisContext, Model]:
    """Open one side; return it analyzed, and the checkpoint that holds its values (itself, if it is one).

    A graph that was named itself is compared without the values of the checkpoint beside it.
    """
    from scopeview.analysis.context import AnalysisContext
    from scopeview.readers import find_artifacts, is_named_as_one, read, read_beside, with_stored_values
    from scopeview.readers.paths import path_of

    has_tags = bool(tags) and any(found.has_tags for found in find_artifacts(path_of(path)))
    model = read(path, tags=_listed(tags) if tags and has_tags else None, artifact=artifact)
    beside = read_beside(model)
    if beside is None:
        return AnalysisContext(model), model
    return AnalysisContext(with_stored_values(model, beside) if is_named_as_one(model) else model), beside


def _print(found: Diff, output: str, show_all: bool, color: bool | None) -> None:
    from scopeview.render.as_json import dumps
    from scopeview.render.markdown import markdown
    from scopeview.render.text.console import make_console
    from scopeview.render.text.diff import print_diff

    report = found.report
    match output:
        case "json":
            print_json(report)
        case "init":
            click.echo(found.as_init())
        case "map":
            click.echo(found.as_names())
        case "saver":
            click.echo(found.as_saver())
        case "regex":
            click.echo(dumps(report.regex_rules))
        case "markdown":
            click.echo(markdown(report))
        case "tf1" | "tf2" | "keras" | "torch" | "jax":
            click.echo(found.as_loader(output))
        case _:
            print_diff(make_console(color=color), report, whole=show_all)
