"""`scopeview completion`."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.option("--install", is_flag=True, help="Write it to where the shell looks, and say where that is.")
@click.pass_context
def command(ctx: click.Context, shell: str, *, install: bool) -> None:
    """Print the completion script of a shell, or install it.

    For good: scopeview completion bash --install. For one session of bash: eval "$(scopeview completion bash)".
    """
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell}")
    script = completion(ctx.find_root().command, {}, "scopeview", "_SCOPEVIEW_COMPLETE").source()
    # Where no option and no command fits, bash completes paths: with click's script alone it completes nothing.
    script = script.replace("complete -o nosort", "complete -o nosort -o default")
    if install:
        _install(shell, script)
    else:
        click.echo(script)


def _install(shell: str, script: str) -> None:
    from scopeview.errors import ScopeviewError

    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    target = {
        "bash": data / "bash-completion" / "completions" / "scopeview",
        "zsh": data / "zsh" / "site-functions" / "_scopeview",
        "fish": config / "fish" / "completions" / "scopeview.fish",
    }[shell]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"{script}\n", "utf-8")
    except OSError as error:
        raise ScopeviewError(f"{target} cannot be written: {error.strerror or error}") from error
    click.echo(f"wrote {target}; a new {shell} completes scopeview")
    if shell == "zsh":
        click.echo(f"where zsh does not look there yet, put before compinit in .zshrc: fpath+=({target.parent})")
