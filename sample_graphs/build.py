"""Build the sample graphs with TensorFlow: `python sample_graphs/build.py [--out FOLDER] [M05 ...]`.

Each sample is one row of `manifest.toml`. TensorFlow is imported once; every sample is built in a forked process, so
that global switches (reference or resource variables, control flow v1 or v2) and name counters start afresh.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

Builder = Callable[[Path], None]


def all_samples() -> dict[str, Builder]:
    """Return every builder by the id of its mechanism; imports TensorFlow."""
    from sample_graphs.mechanisms import (
        control_flow,
        flat,
        layers,
        naming,
        objects,
        renamed,
        scopes,
        sharing,
        storage,
        training,
    )

    modules = (naming, layers, scopes, sharing, training, control_flow, storage, objects, flat, renamed)
    return dict(sorted((key, build) for module in modules for key, build in module.SAMPLES.items()))


def build(folder: Path, wanted: Iterable[str] = ()) -> None:
    """Build samples into a folder, all of them if none is named."""
    samples = all_samples()
    folder.mkdir(parents=True, exist_ok=True)
    for key in list(wanted) or list(samples):
        _in_child(samples[key], folder, key)


def _in_child(builder: Builder, folder: Path, key: str) -> None:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            builder(folder)
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    if ended:
        sys.exit(f"{key} could not be built (status {ended})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "artifacts")
    parser.add_argument("ids", nargs="*", help="mechanisms such as M05; all if none is given")
    arguments = parser.parse_args()
    build(arguments.out, arguments.ids)


if __name__ == "__main__":
    main()
