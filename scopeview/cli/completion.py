"""`scopeview completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    For bash: eval "$(scopeview completion bash)".
    """
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell}")
    script = completion(ctx.find_root().command, {}, "scopeview", "_SCOPEVIEW_COMPLETE").source()
    # Where no option and no command fits, bash completes paths: with click's script alone it completes nothing.
    click.echo(script.replace("complete -o nosort", "complete -o nosort -o default"))
