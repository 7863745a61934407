"""Time `scopeview` beside TensorFlow's own tools, cold process against cold process, in one run.

    python benchmarks/cli.py [--runs 7]

Each pair looks at one artifact. The two commands take turns, so that a slow moment of the machine hits both; the table
gives the median of each and the median of their ratios.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_graphs" / "artifacts"
BIN = Path(sys.executable).parent

LIST_VARIABLES = "import sys, tensorflow as tf; [print(*v) for v in tf.train.list_variables(sys.argv[1])]"
IMPORT_META = (
    "import sys, tensorflow as tf; tf.compat.v1.disable_eager_execution(); "
    "tf.compat.v1.train.import_meta_graph(sys.argv[1]); [print(v) for v in tf.compat.v1.global_variables()]"
)
MANY = """
import sys, numpy as np, tensorflow as tf
tf.compat.v1.disable_eager_execution()
names = [f"block_{i // 100}/layer_{i % 100}/w" for i in range(20_000)]
with tf.compat.v1.Session() as session:
    session.run(tf.raw_ops.SaveV2(prefix=sys.argv[1], tensor_names=names, shape_and_slices=[""] * len(names),
                                  tensors=[tf.constant([1.0])] * len(names)))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    scopeview = [str(BIN / "scopeview"), "inspect"]
    with tempfile.TemporaryDirectory() as folder:
        many = f"{folder}/many.ckpt"
        subprocess.run([sys.executable, "-c", MANY, many], check=True, capture_output=True, env=_quiet())
        pairs = [
            (
                "SavedModel",
                [*scopeview, str(SAMPLES / "m29_module")],
                "saved_model_cli show --all",
                [str(BIN / "saved_model_cli"), "show", "--dir", str(SAMPLES / "m29_module"), "--all"],
            ),
            (
                ".meta, 397 ops",
                [*scopeview, str(SAMPLES / "m17_gan.meta")],
                "import_meta_graph",
                [sys.executable, "-c", IMPORT_META, str(SAMPLES / "m17_gan.meta")],
            ),
            (
                "checkpoint, 34 entries",
                [*scopeview, str(SAMPLES / "m32_after.ckpt")],
                "tf.train.list_variables",
                [sys.executable, "-c", LIST_VARIABLES, str(SAMPLES / "m32_after.ckpt")],
            ),
            (
                "checkpoint, 20,000 entries",
                [*scopeview, many],
                "tf.train.list_variables",
                [sys.executable, "-c", LIST_VARIABLES, many],
            ),
        ]
        print("| artifact | scopeview inspect | beside it | its time | ratio of times |")
        print("|---|---|---|---|---|")
        for what, ours, name, theirs in pairs:
            print(_row(what, ours, name, theirs, runs), flush=True)


def _row(what: str, ours: Sequence[str], name: str, theirs: Sequence[str], runs: int) -> str:
    _run(ours), _run(theirs)  # warm the file cache
    mine, other = [], []
    for _ in range(runs):
        mine.append(_run(ours))
        other.append(_run(theirs))
    ratio = statistics.median(b[0] / a[0] for a, b in zip(mine, other, strict=True))
    return f"| {what} | {_shown(mine)} | {name} | {_shown(other)} | {ratio:.0f}x |"


def _shown(runs: Sequence[tuple[float, float]]) -> str:
    seconds = [run[0] for run in runs]
    megabytes = statistics.median(run[1] for run in runs)
    return f"{statistics.median(seconds):.2f} s ({min(seconds):.2f}-{max(seconds):.2f}), {megabytes:.0f} MB"


def _run(command: Sequence[str]) -> tuple[float, float]:
    """Return the seconds of a whole process and its peak memory in MB."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_quiet())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1000


def _quiet() -> dict[str, str]:
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


if __name__ == "__main__":
    main()
