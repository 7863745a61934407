"""Read graphs of growing size: seconds and peak memory of `scopeview.load` and of both scope trees.

    python benchmarks/scale.py [--ops 10000 100000 1000000]

The graphs are towers of layers with attributes as an exporter writes them (about 125 bytes per node). Every size runs
in a process of its own, so that its peak is its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

WRITE = """
import sys
from scopeview.readers.protobuf.messages import message
count, path = int(sys.argv[1]), sys.argv[2]
node = message("NodeDef")()
with open(path, "wb") as file:
    for i in range(count):
        node.Clear()
        node.name = f"tower_{i % 8}/block_{i // 800}/layer_{i // 80 % 10}/op_{i}"
        node.op = ("MatMul", "AddV2", "Relu", "Identity")[i % 4]
        if i >= 8:
            node.input.append(f"tower_{i % 8}/block_{(i - 8) // 800}/layer_{(i - 8) // 80 % 10}/op_{i - 8}:0")
        node.attr["T"].type = 1
        node.attr["_output_shapes"].list.shape.add().dim.add().size = 64
        raw = node.SerializeToString()
        size = len(raw)
        prefix = bytearray(b"\\x0a")
        while size >= 0x80:
            prefix.append(size & 0x7F | 0x80)
            size >>= 7
        prefix.append(size)
        file.write(bytes(prefix) + raw)
"""

READ = """
import json, resource, sys, time
import scopeview
from scopeview.analysis.context import Facts
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.lint.run import lint
from scopeview.analysis.trees.outline import View, op_forest, outline
started = time.perf_counter()
model = scopeview.load(sys.argv[1])
loaded = time.perf_counter()
scopes = len(model.op_scopes)
tree = time.perf_counter()
lines = len(outline(op_forest(model.graph), View(lines=24)).rows)
drawn = time.perf_counter()
facts = Facts(model)
facts.roles.codes()
roles = time.perf_counter()
lint(Subject(facts))
linted = time.perf_counter()
model.graph.consumers(model.graph.row(model.graph.names[len(model.graph) // 2]))
done = time.perf_counter()
print(json.dumps({
    "ops": len(model.graph), "scopes": scopes, "load": loaded - started, "tree": tree - loaded,
    "outline": drawn - tree, "roles": roles - drawn, "lint": linted - roles, "consumers": done - linted,
    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ops", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    print("| ops | file | load | op tree | outline | roles | lint | first consumers | peak memory |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for count in parser.parse_args().ops:
            path = f"{folder}/{count}.pb"
            subprocess.run([sys.executable, "-c", WRITE, str(count), path], check=True)
            done = subprocess.run([sys.executable, "-c", READ, path], check=True, capture_output=True, text=True)
            found = json.loads(done.stdout)
            size = Path(path).stat().st_size / 1e6
            print(
                f"| {found['ops']:,} | {size:.1f} MB | {found['load']:.2f} s | {found['tree']:.2f} s "
                f"({found['scopes']:,} scopes) | {found['outline']:.2f} s | {found['roles']:.2f} s "
                f"| {found['lint']:.2f} s | {found['consumers']:.2f} s "
                f"| {found['peak']:.2f} GB |",
                flush=True,
            )


if __name__ == "__main__":
    main()
