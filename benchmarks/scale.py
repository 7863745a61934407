"""Read graphs of growing size beside a floor in the same run: protobuf's own parse of the same file.

    python benchmarks/scale.py [--source GRAPH.meta] [--copies 1 10 100] [--runs 3]

The graphs are equal towers of a real training graph (`training_graph.py` makes one of 10,000 ops, with TensorFlow;
`towers.py` copies it). Work and floor take turns, each in a process of its own; CPU seconds (user and system) and the
median of the ratios are given, with the exponent by which the work grows from the smallest to the largest graph.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from towers import equal_towers, nodes_of

HERE = Path(__file__).resolve().parent

MEASURED = """
import json, resource, sys, time
used = time.process_time
{prepare}
started = used()
{work}
print(json.dumps([used() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3]))
"""
FLOOR = MEASURED.format(
    prepare="""
from tests.messages import message
parse = message("GraphDef").FromString
raw = open(sys.argv[1], "rb").read()
""",
    work="graph = parse(raw)",
)
LOAD = MEASURED.format(
    prepare="import scopeview, scopeview.readers",
    work="""
model = scopeview.load(sys.argv[1])
len(model.op_scopes), len(model.variable_scopes), model.graph.targets
list(model.graph.consumers(0)) if len(model.graph) else None
""",
)
PICTURE = MEASURED.format(
    prepare="""
import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.graph_view.opening import opening
from scopeview.analysis.graph_view.subgraph import picture
context = AnalysisContext(scopeview.load(sys.argv[1]))
""",
    work="opening(context), picture(context)",
)
TEXT = MEASURED.format(
    prepare="""
from google.protobuf import text_format
from tests.messages import message
from scopeview.readers.protobuf.text import to_wire
text = text_format.MessageToString(message("GraphDef").FromString(open(sys.argv[1], "rb").read()))
print(len(text) / 1e6, "MB of text", file=sys.stderr)
""",
    work='to_wire(text, "GraphDef")',
)
COMMAND = (
    "import sys; sys.argv = ['scopeview', {name!r}, sys.argv[1]]; from scopeview.cli.main import main; sys.exit(main())"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--copies", type=int, nargs="*", default=[1, 10, 100])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = arguments.source or _training_graph(Path(folder))
        nodes = nodes_of(source.read_bytes())
        files = {}
        for copies in arguments.copies:
            files[copies * len(nodes)] = path = Path(folder) / f"{copies}.pb"
            with path.open("wb") as file:
                file.writelines(equal_towers(nodes, copies))
        _table(files, arguments.runs)


def _training_graph(folder: Path) -> Path:
    target = folder / "training.meta"
    subprocess.run([sys.executable, HERE / "training_graph.py", target], check=True, stdout=subprocess.DEVNULL)
    return target


def _table(files: dict[int, Path], runs: int) -> None:
    works = {
        "load, both trees, edges": LOAD,
        "first picture, after load": PICTURE,
        "text format": TEXT,
        **{f"`{name}`, whole process": COMMAND.format(name=name) for name in ("inspect", "lint", "sharing")},
    }
    print("| work | ops | floor | scopeview | ratio | memory | exponent |")
    print("|---|---|---|---|---|---|---|")
    for what, code in works.items():
        seconds: dict[int, float] = {}
        for ops, path in files.items():
            if code is TEXT and path.stat().st_size > 50e6:
                continue
            pairs = [(_run(FLOOR, path), _run(code, path)) for _ in range(runs)]
            floor, mine = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
            ratio = statistics.median(pair[1][0] / pair[0][0] for pair in pairs)
            seconds[ops] = mine
            first = min(seconds)
            grows = f"{math.log(mine / seconds[first]) / math.log(ops / first):.2f}" if ops > first else ""
            memory = statistics.median(pair[1][1] for pair in pairs)
            print(
                f"| {what} | {ops:,} | {floor:.2f} s | {mine:.2f} s | {ratio:.1f}x | {memory:,.0f} MB | {grows} |",
                flush=True,
            )


def _run(code: str, path: Path) -> tuple[float, float]:
    """Return CPU seconds and peak memory in MB: what the code prints, or else those of the whole process."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    last = process.stdout.read().strip().rpartition("\n")[2]
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode > 1:
        sys.exit(f"measuring ended with {process.returncode}:\n{code}")
    if code.startswith("\nimport json"):
        seconds, memory = json.loads(last)
        return seconds, memory
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3


if __name__ == "__main__":
    main()
