"""Fuzz one target under atheris for some seconds, and keep what breaks it.

    python -m fuzz.run TARGET --seconds 60

Ends with 0 if nothing broke. An input that breaks the target (an error that is no sentence, over 10 seconds or 2 GB for
at most 1 MB) is written into fuzz/found/TARGET, where the tests run it from then on.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

_LONGEST_S = 10
_MOST_MB = 2048


def main() -> None:
    """Run atheris over one target; the process ends inside."""
    import atheris  # type: ignore[import-untyped]

    instrumented = atheris.instrument_imports(include=["scopeview"], enable_loader_override=False)
    with redirect_stderr(StringIO()), instrumented:  # it says so of every module
        from fuzz.targets import ROOT, targets

        _import_the_rest()
    parser = argparse.ArgumentParser(description="Fuzz one target.")
    parser.add_argument("target", choices=[*targets()])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--most-bytes", type=int, default=1 << 15, help="of one input; small ones are run more often")
    wanted = parser.parse_args()
    target = targets()[wanted.target]
    kept = ROOT / "fuzz" / "found" / target.name
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scopeview-fuzz-corpus-") as corpus:
        for number, seed in enumerate(target.seeds()):
            (Path(corpus) / f"seed{number}").write_bytes(seed)
        options = [
            f"-max_total_time={wanted.seconds}",
            f"-timeout={_LONGEST_S}",
            f"-rss_limit_mb={_MOST_MB}",
            f"-max_len={wanted.most_bytes}",
            f"-artifact_prefix={kept}/",
            "-verbosity=0",
            "-print_final_stats=1",
            corpus,
        ]

        def mutant(data: bytes, most: int, seed: int) -> bytes:
            return target.mutate(data, random.Random(seed))[:most]

        atheris.Setup([sys.argv[0], *options], target.run, custom_mutator=mutant)
        atheris.Fuzz()


def _import_the_rest() -> None:
    """Import what is imported late, so that it is instrumented too."""
    import importlib
    import pkgutil

    import scopeview

    for name in ("analysis", "readers", "model"):
        package = importlib.import_module(f"{scopeview.__name__}.{name}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".tensorflow" not in module.name:
                importlib.import_module(module.name)


if __name__ == "__main__":
    main()
