"""Time `scopeview diff` of two checkpoints beside the TensorFlow one-liner, and measure its memory on large values.

    python benchmarks/diff.py [--runs 7] [--entries 20000] [--gigabytes 2]

The first pair has many small variables, of which every hundredth changed and every tenth scope was renamed; the second
has few large ones. Cold process against cold process, in turns.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from cli import BIN, _quiet, _run

ONE_LINER = """
import sys, tensorflow as tf
a, b = (dict(tf.train.list_variables(path)) for path in sys.argv[1:])
print(len(a.keys() & b.keys()), sorted(a.keys() - b.keys())[:5], sorted(b.keys() - a.keys())[:5],
      [name for name in a.keys() & b.keys() if a[name] != b[name]][:5])
"""

WRITE_MANY = """
import sys, numpy as np, tensorflow as tf
tf.compat.v1.disable_eager_execution()
count = int(sys.argv[3])
for which, path in enumerate(sys.argv[1:3]):
    scope = lambda i: f"new_{i // 100}" if which and i // 100 % 10 == 0 else f"block_{i // 100}"
    names = [f"{scope(i)}/layer_{i % 100}/w" for i in range(count)]
    values = [np.full([2, 4], i + 0.5 * (which and i % 100 == 7), np.float32) for i in range(count)]
    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session() as session:
        feeds = tf.compat.v1.placeholder(tf.float32, [count, 2, 4])
        tensors = tf.unstack(feeds)
        save = tf.raw_ops.SaveV2(prefix=path, tensor_names=names, shape_and_slices=[""] * count, tensors=tensors)
        session.run(save, {feeds: np.stack(values)})
"""

WRITE_LARGE = """
import sys, numpy as np, tensorflow as tf
rng = np.random.default_rng(3)
count = int(float(sys.argv[3]) * 8)
for which, path in enumerate(sys.argv[1:3]):
    checkpoint = {}
    names, tensors = [], []
    for i in range(count):
        value = np.random.default_rng(i).standard_normal((32768, 1024), dtype=np.float32)
        value[0, 0] += which * (i % 2)
        names.append(f"layer_{i}/kernel"); tensors.append(value)
    tf.raw_ops.SaveV2(prefix=path, tensor_names=names, shape_and_slices=[""] * count, tensors=tensors)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        a, b = f"{folder}/a.ckpt", f"{folder}/b.ckpt"
        _write(WRITE_MANY, a, b, arguments.entries)
        _compare(a, b, arguments.entries, arguments.runs)
    with tempfile.TemporaryDirectory() as folder:
        a, b = f"{folder}/a.ckpt", f"{folder}/b.ckpt"
        _write(WRITE_LARGE, a, b, arguments.gigabytes)
        seconds, megabytes = _run_differing([str(BIN / "scopeview"), "diff", "--values", a, b])
        print(f"\n--values, {arguments.gigabytes:g} GB each: {seconds:.1f} s, peak memory {megabytes:.0f} MB")
        seconds, megabytes = _run_differing([str(BIN / "scopeview"), "diff", a, b])
        print(f"the same by checksum: {seconds:.2f} s, peak memory {megabytes:.0f} MB")


def _write(program: str, a: str, b: str, size: float) -> None:
    subprocess.run([sys.executable, "-c", program, a, b, str(size)], check=True, capture_output=True, env=_quiet())


def _compare(a: str, b: str, entries: int, runs: int) -> None:
    ours = [str(BIN / "scopeview"), "diff", a, b]
    theirs = [sys.executable, "-c", ONE_LINER, a, b]
    mine, other = [], []
    for _ in range(runs):
        mine.append(_run_differing(ours)[0])
        other.append(_run(theirs)[0])
    ratio = statistics.median(t / m for m, t in zip(mine, other, strict=True))
    print("| checkpoints | scopeview diff | names and shapes by tf.train.list_variables | ratio of times |")
    print("|---|---|---|---|")
    print(f"| {entries:,} entries each | {_shown(mine)} | {_shown(other)} | {ratio:.1f}x |", flush=True)


def _run_differing(command: list[str]) -> tuple[float, float]:
    """Run a diff, which ends with 1 where there are differences."""
    return _run(["/bin/sh", "-c", '"$@"; test $? -eq 1', "sh", *command])


def _shown(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} s ({min(seconds):.2f}-{max(seconds):.2f})"


if __name__ == "__main__":
    main()
