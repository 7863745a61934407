"""The constants of docs/scale.md: what a checkpoint elsewhere moves, how fast values are read, what a part costs.

PYTHONPATH=. python benchmarks/afar.py [--megabytes 512] [--entries 2000]

The server is of this machine (127.0.0.1), so that what is measured is the reader and not a network.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import scopeview
from scopeview.analysis.answers.values import values_report
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.work import SERIAL, Reading, Runner
from scopeview.readers import read, with_values
from scopeview.workers.fleet import fleet
from scopeview.workers.threads import Threads
from scopeview.writers.checkpoint import write_checkpoint
from scopeview.writers.tensors import TensorToWrite
from tests.web_server import Files, served

_PARTS = 300


def write(prefix: Path, megabytes: int, entries: int) -> None:
    """Write a checkpoint: half of its bytes in one variable, the others in variables of one size."""
    rng = np.random.default_rng(7)
    half = megabytes << 19
    block = rng.standard_normal(1 << 20, dtype=np.float32)
    rows = half // block.nbytes
    small = rng.standard_normal(half // 4 // entries, dtype=np.float32)
    tensors = [TensorToWrite("embedding", "float32", (rows, block.size), lambda: iter([block] * rows))]
    tensors += [
        TensorToWrite(f"layer_{number}/kernel", "float32", small.shape, lambda: iter([small]))
        for number in range(entries)
    ]
    write_checkpoint(prefix, tensors)


def timed(what: str, work: Callable[[], Any], size: int) -> float:
    """Run work and print how long it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{what:45} {wall:7.2f} s wall {cpu:7.2f} s CPU {size / wall / 1e6:8.0f} MB/s")
    return wall


def values_with(runner: Runner, path: str) -> None:
    """Describe all values of a checkpoint."""
    model, values = with_values(read(path))
    values_report(AnalysisContext(model), values, limit=1_000_000, reading=Reading(runner))


def square(number: int) -> int:
    """Do next to nothing, as a part."""
    return number * number


def moved(files: Files, prefix: Path) -> None:
    """Print what is moved when the checkpoint is inspected over HTTP."""
    for part in ("index", "data-00000-of-00001"):
        files.put(f"m.ckpt.{part}", prefix.with_name(f"{prefix.name}.{part}").read_bytes())
    scopeview.inspect(scopeview.load(f"{files.url}/m.ckpt"))
    index = len(files.content["m.ckpt.index"])
    print(f"inspect over HTTP: {files.total():,} bytes moved in {len(files.requests)} requests")
    print(f"  the index has {index:,} bytes, the values {len(files.content['m.ckpt.data-00000-of-00001']):,}")
    print("  requests for content:", sum(method == "GET" and bool(asked) for method, _, asked in files.requests))


def main() -> None:
    """Print all constants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=512)
    parser.add_argument("--entries", type=int, default=2000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served() as files:
        prefix = Path(folder) / "m.ckpt-1"
        write(prefix, asked.megabytes, asked.entries)
        size = asked.megabytes << 20
        moved(files, prefix)
        timed("values, one after the other", lambda: values_with(SERIAL, str(prefix)), size)
        timed("values, 2 threads", lambda: values_with(Threads(2), str(prefix)), size)
        timed("values over HTTP, 2 threads", lambda: values_with(Threads(2), f"{files.url}/m.ckpt"), size)
        small = Path(folder) / "fleet"
        small.mkdir()
        for step in range(200):
            write(small / f"m.ckpt-{step}", 1, 100)
        wall = timed("fleet, 200 checkpoints of 101 entries", lambda: fleet([f"{small}/*"], Threads()), 0)
        print(f"  {1000 * wall / 200:.1f} ms each")
        clustered(str(prefix), size)


def clustered(path: str, size: int) -> None:
    """Print what two processes of Dask do."""
    try:
        from scopeview.workers.cluster import cluster

        with cluster(2, None) as running:
            timed("values, 2 workers of Dask", lambda: values_with(running, path), size)
            wall = timed(f"{_PARTS} parts of next to no work", lambda: running.run(square, range(_PARTS)), 0)
            print(f"  {1000 * wall / _PARTS:.1f} ms each")
    except scopeview.ScopeviewError as error:
        print(error)


if __name__ == "__main__":
    main()
