"""How many renamed variables the matcher recovers, and how many pairs it invents, of models under other names.

    python benchmarks/renames.py [--depth 4] [--width 16] [--seed 0]

The models are those of `tests/renames`: the same layers as two code bases name them, in the order of creation, in
random order, with a tenth of either side gone, and with words that mean nothing on one side.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scopeview.analysis.diff.matching.core import match_items
from tests.renames import convolutions, transformers
from tests.renames.changes import CHANGES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    models = [*transformers.models(asked.depth, asked.width), *convolutions.models(asked.depth, asked.width)]
    print("| change | model | variables | recovered | wrong of matched | seconds |\n|---|---|---|---|---|---|")
    for name, change in CHANGES.items():
        rows = []
        for model in models:
            case = change(model, random.Random(f"{model.name} {asked.seed}"))
            start = time.process_time()
            found = {match.a: match.b for match in match_items(case.a, case.b).matches}
            right = sum(case.truth.get(one) == other for one, other in found.items())
            rows.append((len(case.truth), right, len(found), time.process_time() - start))
            _print(name, model.name, *rows[-1])
        truth, right, claims = (sum(row[n] for row in rows) for n in range(3))
        _print(name, "all", truth, right, claims, statistics.median(row[3] for row in rows))


def _print(change: str, model: str, truth: int, right: int, claims: int, seconds: float) -> None:
    share = 100 * right / max(1, truth)
    print(
        f"| {change} | {model} | {truth} | {share:.1f} % | {claims - right} of {claims} | {seconds:.2f} |", flush=True
    )


if __name__ == "__main__":
    main()
