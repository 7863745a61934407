"""`scopeview completion`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Literal

import click
from click.shell_completion import get_completion_class

_END = "\n"
_BASH_COMPLETION = (
    "/usr/share/bash-completion/bash_completion",
    "/etc/bash_completion",
    "/usr/local/etc/profile.d/bash_completion.sh",
    "/opt/homebrew/etc/profile.d/bash_completion.sh",
)
"""Where bash-completion lies, which loads what is in the user's folder; without it bash needs a line of its own."""

_PATHS = {
    "bash": ("complete -o nosort", "complete -o nosort -o default"),
    "zsh": ("-a completions\n    fi\n", "-a completions\n    fi\n    (( $#response && $#response[1] )) || _files\n"),
    "fish": ("    end;\nend;", '    end;\n    test -n "$response"; or __fish_complete_path (commandline -ct);\nend;'),
}
"""What to replace in click's script: where no option and no command fits, paths are completed; by itself nothing is."""


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.option(
    "--install", is_flag=True, help="Write it to where the shell looks, with a line in its start-up file if need be."
)
@click.pass_context
def command(ctx: click.Context, shell: str, *, install: bool) -> None:
    """Print the completion script of a shell, or install it.

    For good: scopeview completion bash --install. For one session of bash: eval "$(scopeview completion bash)".
    """
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell}")
    script = completion(ctx.find_root().command, {}, "scopeview", "_SCOPEVIEW_COMPLETE").source()
    script = script.replace(*_PATHS[shell])
    if install:
        _install(shell, script)
    else:
        click.echo(script)


def _install(shell: str, script: str) -> None:
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    target = {
        "bash": data / "bash-completion" / "completions" / "scopeview",
        "zsh": data / "zsh" / "site-functions" / "_scopeview",
        "fish": config / "fish" / "completions" / "scopeview.fish",
    }[shell]
    _write(target, f"{script}{_END}")
    click.echo(f"wrote {target}")
    startup = _startup_line(shell, target)
    if startup is not None:
        file, line = startup
        known = file.read_text("utf-8", "replace") if file.is_file() else ""
        if line not in known:
            _write(file, f"{'' if known.endswith(_END) or not known else _END}{line}{_END}", mode="a")
            click.echo(f"added to {file}: {line}")
    click.echo(f"a new {shell} completes scopeview")


def _startup_line(shell: str, target: Path) -> tuple[Path, str] | None:
    """Return the start-up file of a shell and the line that it needs; None where the shell finds the script itself."""
    if shell == "bash" and not any(Path(place).is_file() for place in _BASH_COMPLETION):
        return Path.home() / ".bashrc", f". {shlex.quote(str(target))}"
    if shell == "zsh":
        folder = Path(os.environ.get("ZDOTDIR") or Path.home())
        return folder / ".zshrc", f"fpath+=({shlex.quote(str(target.parent))}) && autoload -Uz compinit && compinit"
    return None


def _write(target: Path, text: str, *, mode: Literal["w", "a"] = "w") -> None:
    from scopeview.errors import ScopeviewError

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ScopeviewError(f"{target} cannot be written: {error.strerror or error}") from error
