"""Measure what docs/performance.md promises, each work beside a yardstick that runs in turn with it.

    python benchmarks/bars.py --folder FOLDER [--runs 3] [--only lint]

The yardstick is upb's parse of a graph of 100,000 ops: machines differ and are shared, so that seconds of two runs are
compared by it. All are CPU seconds, user and system; every work is a process of its own, of modules that are compiled
as those of an installation are. Inputs are made in the folder when they are missing (`training_graph.py` needs
TensorFlow, `towers.py` and `inputs.py` do not).
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SMALL = HERE.parent / "sample_graphs" / "artifacts" / "m17_gan.meta"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}

PARSE = """
import sys, time
from tests.messages import message
parse = message("GraphDef").FromString
raw = open(sys.argv[1], "rb").read()
started = time.process_time()
graph = parse(raw)
print(time.process_time() - started)
"""
LOAD = """
import resource, sys, time
import scopeview, scopeview.readers
started = time.process_time()
model = scopeview.load(sys.argv[1])
len(model.op_scopes), len(model.variable_scopes), model.graph.targets
list(model.graph.consumers(0))
print(time.process_time() - started)
"""
TO_TEXT = """
import sys
from google.protobuf import text_format
from tests.messages import message
graph = message("GraphDef").FromString(open(sys.argv[1], "rb").read())
open(sys.argv[2], "w").write(text_format.MessageToString(graph))
"""


@dataclass(frozen=True)
class Work:
    name: str
    command: list[str]
    bar: str
    floor: str = "t10.pb"
    """The graph whose parse is the yardstick."""


def works() -> list[Work]:
    def asked(command: str, *inputs: str) -> list[str]:
        return [sys.executable, "-m", "scopeview", command, *inputs]

    return [
        Work("load, trees, edges: 1M ops", [sys.executable, "-c", LOAD, "t100.pb"], "3x, 600 MB", "t100.pb"),
        Work("inspect, 100k of 10 equal towers", asked("inspect", "t10.pb"), "1.2 s"),
        Work("inspect, 1M of 100 equal towers", asked("inspect", "t100.pb"), "8 s", "t100.pb"),
        Work("inspect, 16 towers that differ", asked("inspect", "natural.pb"), ""),
        Work("lint, 100k", asked("lint", "t10.pb"), "1.5 s"),
        Work("sharing, 100k", asked("sharing", "t10.pb"), "1.5 s"),
        Work("inspect, frozen 1.5 GB", asked("inspect", "frozen.pb"), "0.2x, 150 MB", "frozen.pb"),
        Work("inspect, text of 62 MB", asked("inspect", "t10.pbtxt"), "6 s for 55 MB"),
        Work("inspect, 300 functions", asked("inspect", "functions"), ""),
        Work("inspect, 20k entries", asked("inspect", "few.ckpt"), "0.45 s"),
        Work("inspect, 200k entries", asked("inspect", "many.ckpt"), "1.5 s"),
        Work("diff, 20k x 20k entries", asked("diff", "few.ckpt", "few_other.ckpt"), "1.2 s"),
        Work("diff, 200k x 200k entries", asked("diff", "many.ckpt", "many_other.ckpt"), "8 s"),
        Work("inspect, 397 ops", asked("inspect", str(SMALL)), "0.25 s"),
    ]


def make_inputs(folder: Path) -> None:
    """Write what is missing."""

    def made(target: str, script: str, *arguments: str) -> None:
        if not (folder / target).exists():
            subprocess.run([sys.executable, HERE / script, *arguments], check=True, cwd=folder, env=ENVIRONMENT)

    made("training.meta", "training_graph.py", "training.meta")
    made("t10.pb", "towers.py", "--copies", "10", "training.meta", "t10.pb")
    made("t100.pb", "towers.py", "--copies", "100", "training.meta", "t100.pb")
    made("natural.pb", "inputs.py", "towers", "natural.pb")
    made("frozen.pb", "inputs.py", "frozen", "frozen.pb")
    made("functions", "inputs.py", "functions", "functions")
    for name, entries in (("few", "20000"), ("many", "200000")):
        made(f"{name}.ckpt.index", "inputs.py", "checkpoint", "--entries", entries, f"{name}.ckpt")
        renamed = ("--renamed", "--entries", entries, f"{name}_other.ckpt")
        made(f"{name}_other.ckpt.index", "inputs.py", "checkpoint", *renamed)
    if not (folder / "t10.pbtxt").exists():
        subprocess.run([sys.executable, "-c", TO_TEXT, "t10.pb", "t10.pbtxt"], check=True, cwd=folder, env=ENVIRONMENT)


def run(command: list[str], folder: Path) -> tuple[float, float]:
    """Return the CPU seconds that a command prints, else those of its whole process, and its peak memory in MB."""
    process = subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode > 1:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    is_measured = "-c" in command
    seconds = float(printed) if is_measured else usage.ru_utime + usage.ru_stime
    return seconds, usage.ru_maxrss / 1e3


def row(work: Work, folder: Path, runs: int) -> str:
    pairs = [(run(work.command, folder), run([sys.executable, "-c", PARSE, work.floor], folder)) for _ in range(runs)]
    seconds, memory = (statistics.median(pair[0][place] for pair in pairs) for place in (0, 1))
    floor = statistics.median(pair[1][0] for pair in pairs)
    ratio = statistics.median(pair[0][0] / pair[1][0] for pair in pairs)
    return f"| {work.name} | {seconds:.2f} s | {memory:,.0f} MB | {floor:.2f} s | {ratio:.1f}x | {work.bar} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="works whose names contain this")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    make_inputs(arguments.folder)
    compileall.compile_dir(HERE.parent / "scopeview", quiet=1)  # PYTHONDONTWRITEBYTECODE would have each run do it
    print("| work | CPU | peak memory | yardstick | ratio | bar |\n|---|---|---|---|---|---|")
    for work in works():
        if arguments.only in work.name:
            print(row(work, arguments.folder, arguments.runs), flush=True)


if __name__ == "__main__":
    main()
