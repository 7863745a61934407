"""`scopeview inspect`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from scopeview.cli.options import Source, output_options, print_json, program_option, source_options

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from scopeview.analysis.answers.inspect import Inspection
    from scopeview.analysis.answers.tree_lines import TreeLines
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.derive.auxiliary import AuxiliaryVariables
    from scopeview.analysis.trees.outline import Sort, View
    from scopeview.model.model import Model
    from scopeview.render.text.inspect import Sections

_SECTIONS = ("ops", "variables", "collections", "functions")
_PIPE_LINES = 64
_FEWEST_LINES = 10
"""Lines of the trees on however small a screen."""


@click.command("inspect")
@source_options
@click.option("--depth", type=click.IntRange(1, 100_000), help="Open every scope down to this depth.")
@click.option(
    "--scope",
    default="",
    metavar="PREFIX",
    help="Show only what lies in this scope, in both trees.",
)
@click.option("--ops", is_flag=True, help="Show the op tree.")
@click.option("--variables", is_flag=True, help="Show the variable tree.")
@click.option("--collections", is_flag=True, help="Show the collections.")
@click.option("--functions", is_flag=True, help="Show the functions and signatures.")
@click.option(
    "--sort",
    type=click.Choice(["definition", "name", "size"]),
    default="definition",
    show_default=True,
    help="Order of siblings.",
)
@click.option(
    "--hide-roles",
    metavar="ROLES",
    help="Leave ops of these roles out of the op tree: init, save, gradient, update, summary, bookkeeping, forward.",
)
@click.option("--all", "show_all", is_flag=True, help="Show everything: no twins folded, nothing left out.")
@click.option("--markdown", is_flag=True, help="Print the model's card alone, as Markdown to paste into an issue.")
@program_option
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    path: str,
    tags: str | None,
    artifact: str | None,
    importing: bool,
    timeout: int,
    depth: int | None,
    scope: str,
    sort: Sort,
    hide_roles: str | None,
    show_all: bool,
    markdown: bool,
    program: str | None,
    as_json: bool,
    color: bool | None,
    **sections: bool,
) -> None:
    """Show what an artifact holds: the op tree, the variable tree, collections, signatures, functions.

    By default the trees fit a screen: the heaviest scopes open first, and numbered twins that are equal inside
    (step_0 .. step_99) become one line. --ops, --variables, --collections and --functions choose sections.
    """
    from scopeview.analysis.answers.inspect import inspect
    from scopeview.analysis.card import full_card
    from scopeview.analysis.context import AnalysisContext
    from scopeview.model.entry_point import MAIN

    model = Source(path, tags, artifact, importing, timeout).load(prints_notes=True)
    scope = scope.strip("/")
    context = AnalysisContext(model)
    shown = _shown(context, scope, program)
    card = full_card(context, _beside(model), program=program)
    if markdown:
        from scopeview.render.markdown_card import card_markdown

        click.echo(card_markdown(card, model.origin.path), nl=False)
        return
    inspection = inspect(context, card, scope=scope, depth=depth, program=program or MAIN, with_records=as_json)
    if as_json:
        print_json(inspection)
        return
    from scopeview.render.text.console import make_console
    from scopeview.render.text.inspect import Sections, print_inspection

    chosen = {name for name in _SECTIONS if sections[name]} or set(_SECTIONS)
    screen = _screen()
    lines = None if show_all else 10 if screen >= 60 else 4
    is_named = any(sections[name] for name in _SECTIONS)
    lists = Sections("collections" in chosen, "functions" in chosen, "functions" in chosen, lines, is_named)
    lists = replace(lists, card=not is_named and not scope)
    view = _view(depth, sort, show_all, _lines_for_trees(screen, inspection, lists, chosen))
    trees = _trees(context, shown, chosen, scope, view, _hidden(shown, hide_roles))
    print_inspection(make_console(color=color, whole=show_all), inspection, trees, lists)


def _beside(model: Model) -> AnalysisContext | None:
    """Return the checkpoint that belongs to a model; one that cannot be read is none, and lint says why."""
    from scopeview.analysis.context import AnalysisContext
    from scopeview.errors import ScopeviewError
    from scopeview.readers import read_beside

    try:
        beside = read_beside(model)
    except ScopeviewError:
        return None
    return None if beside is None else AnalysisContext(beside)


def _shown(context: AnalysisContext, scope: str, program: str | None) -> AnalysisContext:
    """Return the context whose op tree is shown: the program's, or the main graph's where only that has the scope."""
    shown = context.in_program(program)
    if program is None and shown is not context and scope and not _has_scope(shown.model, scope):
        shown = context
    _check_scope(shown.model, scope)
    return shown


def _has_scope(model: Model, scope: str) -> bool:
    in_ops = model.op_scopes.find(scope) is not None or model.graph.row(scope) is not None
    return in_ops or model.variable_scopes.find(scope) is not None or bool(model.variables.named(scope))


def _check_scope(model: Model, scope: str) -> None:
    if not scope or _has_scope(model, scope):
        return
    from scopeview.analysis.suggestions import not_found
    from scopeview.errors import NotFoundError
    from scopeview.model.scopes import ScopeId

    trees = (model.op_scopes, model.variable_scopes)
    paths = (tree.path(found) for tree in trees for found in map(ScopeId, range(1, len(tree))))
    raise NotFoundError(not_found(model, scope, paths, "no scope"))


def _view(depth: int | None, sort: Sort, show_all: bool, lines: int) -> View:
    from scopeview.analysis.trees.outline import View

    if show_all:
        return View(lines=None, depth=depth, fold=False, sort=sort)
    return View(lines=None, depth=depth, sort=sort) if depth is not None else View(lines=lines, sort=sort)


def _screen() -> int:
    """Return the lines of a screen; a pipe gets a tall one."""
    if not sys.stdout.isatty():
        return _PIPE_LINES
    from shutil import get_terminal_size

    return get_terminal_size((80, 48)).lines


def _lines_for_trees(screen: int, inspection: Inspection, sections: Sections, chosen: set[str]) -> int:
    """Return how many lines the trees may have together, when header and lists have theirs."""
    summary = inspection.model
    used = 5 + len(summary.notes) + bool(summary.others) + bool(summary.details)
    used += _card_lines(inspection) if sections.card else 0
    used += 4 * len(chosen & {"ops", "variables"})  # a blank line, two headings, and what is folded
    lists = [
        inspection.collections if sections.collections else (),
        inspection.signatures if sections.signatures else (),
        inspection.functions if sections.functions else (),
        inspection.dangling,
    ]
    used += sum(2 + min(len(rows), sections.lines or len(rows)) for rows in lists if rows)
    return max(_FEWEST_LINES, screen - used)


def _card_lines(inspection: Inspection) -> int:
    from scopeview.render.card import card_rows

    lines = len(list(card_rows(inspection.card)))
    return lines + 1 if lines else 0


def _hidden(context: AnalysisContext, roles: str | None) -> NDArray[np.bool_] | None:
    """Return which ops of the main graph have one of the named roles."""
    if roles is None:
        return None
    import numpy as np

    from scopeview.analysis.derive.roles import ROLES

    wanted = {role.strip() for role in roles.split(",") if role.strip()}
    unknown = wanted - set(ROLES)
    if unknown:
        raise click.BadParameter(
            f"{', '.join(sorted(unknown))} is no role; the roles are {', '.join(ROLES)}", param_hint="--hide-roles"
        )
    codes = [code for code, role in enumerate(ROLES) if role in wanted]
    return np.isin(context.roles.codes(), codes)


def _is_auxiliary(model: Model, attached: AuxiliaryVariables, scope: str) -> bool:
    """Whether a scope is a variable, or holds nothing but what exists for others."""
    from scopeview.model.names import is_within

    within = (variable for variable in model.variables if is_within(variable.name, scope))
    return bool(model.variables.named(scope)) or all(variable in attached for variable in within)


def _trees(
    context: AnalysisContext,
    shown: AnalysisContext,
    chosen: set[str],
    scope: str,
    view: View,
    hidden: NDArray[np.bool_] | None,
) -> TreeLines:
    """Draw both trees; a tree that needs fewer lines leaves them to the other."""
    from scopeview.analysis.answers.tree_lines import tree_lines
    from scopeview.analysis.derive.auxiliary import NO_AUXILIARY_VARIABLES
    from scopeview.analysis.trees.outline import op_forest, outline, variable_forest

    model, graph = context.model, shown.model.graph
    is_folded = view.lines is not None or view.depth is not None
    attached = context.auxiliary_variables if is_folded else NO_AUXILIARY_VARIABLES
    if scope and _is_auxiliary(model, attached, scope):
        attached = NO_AUXILIARY_VARIABLES  # they were asked for
    both = {"ops", "variables"} <= chosen and len(graph) and len(model.variables)
    half = view if view.lines is None or not both else replace(view, lines=view.lines // 2)
    variables = outline(variable_forest(model, attached), half, scope) if "variables" in chosen else None
    if both and view.lines is not None and half.lines is not None and variables is not None:
        half = replace(view, lines=view.lines - min(half.lines, len(variables.rows)))
    ops = outline(op_forest(graph, hidden), half, scope) if "ops" in chosen else None
    return tree_lines(context, shown, ops, variables, scope)
