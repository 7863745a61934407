from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

import scopeview as package
from scopeview.cli.main import COMMANDS
from tests.cli.running import Run
from tests.places import SAMPLES


def test_help_lists_the_commands(scopeview: Run) -> None:
    ran = scopeview("--help")

    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.split("Commands:")[1].strip().splitlines()] == [*COMMANDS]


def test_version(scopeview: Run) -> None:
    assert scopeview("--version").out == f"scopeview {package.__version__}\n"


SWALLOWING = """
import os, signal, sys, time
import click
from scopeview.cli import main
from scopeview.model.wanted import check_wanted

@click.command()
@click.option("--steps", type=int)
def command(steps):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    except BaseException:
        print("caught")
    for step in range(steps):
        check_wanted()
        print("went on")

main.cli.get_command = lambda _context, _name: command
main.main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send itself Ctrl-C there")
@pytest.mark.parametrize("steps", [0, 1], ids=["nothing is left to do", "a step is left"])
def test_ctrl_c_is_not_lost_where_a_library_catches_everything(steps: int) -> None:
    command = [sys.executable, "-c", SWALLOWING, "inspect", "--steps", str(steps)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stdout, ran.stderr.strip()) == (130, "caught\n", "")


def test_usage_errors_end_with_code_2(scopeview: Run) -> None:
    assert scopeview("inspect").code == 2
    assert scopeview("nothing").code == 2
    assert scopeview("inspect", SAMPLES / "m05_reuse.meta", "--depth", "0").code == 2


def test_bad_input_ends_with_one_sentence_and_code_2(scopeview: Run, tmp_path: Path) -> None:
    ran = scopeview("inspect", tmp_path / "gone\x1b[31m.pb")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("scopeview: ")
    assert ran.err.count("\n") == 1
    assert "\x1b" not in ran.err


def test_an_interrupt_ends_quietly(scopeview: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from scopeview.cli import main

    def interrupted(*_arguments: object, **_options: object) -> None:
        raise click.Abort

    monkeypatch.setattr(main.cli, "main", interrupted)
    assert scopeview("inspect", "x").code == 130


def test_too_little_memory_is_a_sentence(scopeview: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from scopeview.cli import main

    def full(*_arguments: object, **_options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(main.cli, "main", full)
    ran = scopeview("inspect", "x")

    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "not enough memory" in ran.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_the_command(shell: str, scopeview: Run) -> None:
    ran = scopeview("completion", shell)

    assert ran.code == 0
    assert "_SCOPEVIEW_COMPLETE" in ran.out


@pytest.mark.parametrize(
    ("shell", "place"),
    [
        ("bash", "data/bash-completion/completions/scopeview"),
        ("zsh", "data/zsh/site-functions/_scopeview"),
        ("fish", "config/fish/completions/scopeview.fish"),
    ],
)
def test_completion_is_installed_where_the_shell_looks(
    shell: str, place: str, tmp_path: Path, scopeview: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ZDOTDIR", raising=False)
    monkeypatch.setattr("scopeview.cli.completion._BASH_COMPLETION", ())
    ran = scopeview("completion", shell, "--install")

    assert (ran.code, str(tmp_path / place) in ran.out) == (0, True)
    assert "_SCOPEVIEW_COMPLETE" in (tmp_path / place).read_text("utf-8")
    startup = tmp_path / "home" / f".{shell}rc"
    before = startup.read_text("utf-8") if startup.exists() else ""
    assert (str((tmp_path / place).parent) in before) == (shell != "fish")
    assert scopeview("completion", shell, "--install").code == 0
    assert (startup.read_text("utf-8") if startup.exists() else "") == before


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_and_paths(shell: str, tmp_path: Path, scopeview: Run) -> None:
    """The scripts are read by their shells, where these are installed."""
    script = scopeview("completion", shell).out
    (tmp_path / "script").write_text(script, "utf-8")
    assert {"bash": "-o default", "zsh": "|| _files", "fish": "__fish_complete_path"}[shell] in script
    if shutil.which(shell) is not None:
        done = subprocess.run([shell, "-n", tmp_path / "script"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_completion_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, scopeview: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").write_text("a file", "utf-8")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    assert (ran := scopeview("completion", "bash", "--install")).code == 2
    assert "cannot be written" in ran.err


def _python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a program in the environment of `os`: readline, which pytest loads, adds COLUMNS behind its back."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=dict(os.environ))


def test_help_loads_nothing_heavy() -> None:
    code = """
import sys
from scopeview.cli.main import cli
cli.main(["--help"], prog_name="scopeview", standalone_mode=False)
print([m for m in ("tensorflow", "fastapi", "numpy", "networkx", "rich", "google.protobuf") if m in sys.modules])
"""
    assert _python(code).stdout.splitlines()[-1] == "[]"


NOT_FOR_A_SMALL_GRAPH = (
    *("tensorflow", "fastapi", "networkx", "rich", "asyncio", "email", "gzip", "hashlib", "json", "logging", "shlex"),
    *("subprocess", "tempfile", "zipfile", "scopeview.analysis.suggestions", "scopeview.analysis.diff"),
    *("scopeview.analysis.answers.find", "scopeview.analysis.answers.trace", "scopeview.render.text.imported"),
    *("scopeview.analysis.variable_costs", "scopeview.analysis.op_costs"),
    *("scopeview.analysis.derive.savers", "scopeview.analysis.lint.run", "scopeview.analysis.lint.sharing_rules"),
    *("scopeview.model.trace", "scopeview.readers.checkpoint.reader", "scopeview.readers.graph.objects"),
    *("scopeview.readers.tensorflow", "scopeview.readers.weights", "scopeview.readers.event_file"),
    *("scopeview.readers.trace_reader", "scopeview.render.markdown_card"),
)


def test_inspect_imports_what_a_small_graph_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly all of its time is imports: each module of ours costs about a millisecond, its dataclasses above all."""
    monkeypatch.delenv("COLUMNS", raising=False)  # which asks for lines of that length: rich wraps them
    code = """
import sys
from scopeview.cli.main import cli
cli.main(["inspect", sys.argv[1]], prog_name="scopeview", standalone_mode=False)
print(*sys.modules)
"""
    imported = set(_python(code, SAMPLES / "m17_gan.meta").stdout.splitlines()[-1].split())

    assert imported & set(NOT_FOR_A_SMALL_GRAPH) == set()
    assert len([name for name in imported if name.startswith("scopeview.")]) <= 133


def test_the_module_runs_as_the_command_does() -> None:
    command = [sys.executable, "-m", "scopeview", "find", str(SAMPLES / "m05_reuse.meta"), "op:VariableV2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "0 variables, 1 op"


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m scopeview inspect {SAMPLES / 'm17_gan.meta'} --json | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("{\n", "")


_COLLECTOR = """
import gc, sys
from scopeview import __main__ as entry
from scopeview.cli import main
main.main = lambda: print(gc.isenabled()) if sys.argv[1] == "answer" else main.cli.main(
    [sys.argv[1], "--threads", "none"], standalone_mode=False)
before = gc.isenabled()
try:
    entry.main()
except Exception as error:
    print(gc.isenabled())
print(before, gc.get_freeze_count() > 1000)
"""


@pytest.mark.parametrize(("command", "collects"), [("answer", False), ("fleet", True)])
def test_garbage_is_collected_only_by_commands_that_run_for_long(command: str, collects: bool) -> None:
    """Importing the entry point runs nothing, and changes nothing."""
    assert _python(_COLLECTOR, command).stdout.split() == [str(collects), "True", "True"]


def test_verbose_logs_what_was_read_to_standard_error(scopeview: Run) -> None:
    quiet, verbose = (
        scopeview("inspect", SAMPLES / "m05_reuse.meta"),
        scopeview("-v", "inspect", SAMPLES / "m05_reuse.meta"),
    )

    assert (quiet.err, quiet.out) == ("", verbose.out)
    assert re.search(
        r"^ *\d+ ms scopeview\.cli\.options: read .*m05_reuse\.meta as meta_graph$", verbose.err, re.MULTILINE
    )


def test_debug_shows_where_a_refusal_came_from(scopeview: Run) -> None:
    done = scopeview("--debug", "inspect", "nope.meta")

    assert done.code == 2
    assert "Traceback (most recent call last)" in done.err
    assert done.err.splitlines()[-1].startswith("scopeview: nope.meta does not exist")
