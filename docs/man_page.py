"""docs/scopeview.1: the manual page, from the help of the commands; installed with the package."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import click

from scopeview import __version__
from scopeview.cli.main import COMMANDS, cli


def page() -> str:
    """Return the manual page in the macros of man(7)."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f'.TH SCOPEVIEW 1 "" "scopeview {__version__}" "User Commands"'
    yield ".SH NAME"
    yield "scopeview \\- see both namespaces of a TensorFlow graph or checkpoint"
    yield ".SH SYNOPSIS"
    yield ".B scopeview\n.RI [ options ] \\~command \\~[ arguments ]"
    yield ".SH DESCRIPTION"
    yield from _paragraphs(cli.help or "")
    yield ".SH COMMANDS"
    program = click.Context(cli, info_name="scopeview", help_option_names=["-h", "--help"])
    for name in COMMANDS:
        command: click.Command = importlib.import_module(f"scopeview.cli.{name.replace('-', '_')}").command
        context = click.Context(command, info_name=name, parent=program)
        yield f".SS {_escaped(' '.join([name, *command.collect_usage_pieces(context)]))}"
        yield from _paragraphs(command.help or "")
        for parameter in command.get_params(context):
            record = parameter.get_help_record(context)
            if record is not None:
                yield f".TP\n.B {_escaped(record[0])}\n{_escaped(' '.join(record[1].split()))}"
    yield ".SH EXIT STATUS"
    yield "0 done; 1 when lint or check\\-scopes finds something or diff a difference; 2 bad input or usage."


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield f".PP\n{_escaped(' '.join(paragraph.split()))}"


def _escaped(text: str) -> str:
    """Escape what troff reads as a request or a hyphen."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
