"""Fuzz one target under atheris for some seconds, and keep what breaks it.

    python -m fuzz.run TARGET --seconds 60

    python -m fuzz.run TARGET --executions 1000000 --corpus FOLDER

With `--executions` atheris does not watch which lines are reached: several times as many mutants are tried, of the
inputs that it found in a run before, where `--corpus` names the folder that it kept them in.

Ends with 0 if nothing broke. An input that breaks the target (an error that is no sentence, over 10 seconds or 2 GB for
at most 1 MB) is written into fuzz/found/TARGET, where the tests run it from then on.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import signal
import sys
import tempfile
import time
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

_LONGEST_S = 10
_MOST_MB = 2048
_MOST_ADDRESSES = 4 << 30
"""Bytes of addresses without atheris: libraries map more than they use."""
_SAID_EVERY = 50_000


def main() -> None:
    """Run atheris over one target, or mutants without it; the process ends inside."""
    parser = argparse.ArgumentParser(description="Fuzz one target.")
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--executions", type=int, default=0, help="try so many mutants without atheris")
    parser.add_argument("--seed", type=int, default=1, help="of the mutants that are tried without atheris")
    parser.add_argument("--corpus", type=Path, help="where inputs that reach new lines are kept; else nowhere")
    parser.add_argument("--most-bytes", type=int, default=1 << 15, help="of one input; small ones are run more often")
    wanted = parser.parse_args()
    if wanted.executions:
        _try_many(wanted)
    else:
        _watch(wanted)


def _watch(wanted: argparse.Namespace) -> None:
    """Run atheris, which keeps the inputs that reach new lines."""
    import atheris  # type: ignore[import-untyped]

    instrumented = atheris.instrument_imports(include=["scopeview"], enable_loader_override=False)
    with redirect_stderr(StringIO()), instrumented:  # it says so of every module
        from fuzz.targets import ROOT, targets

        _import_the_rest()
    target = targets()[wanted.target]
    kept = ROOT / "fuzz" / "found" / target.name
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scopeview-fuzz-corpus-") as temporary:
        corpus = str(wanted.corpus or temporary)
        Path(corpus).mkdir(parents=True, exist_ok=True)
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


def _try_many(wanted: argparse.Namespace) -> None:
    """Run so many mutants; an input that breaks the target is kept, and ends the process with its error."""
    from fuzz.targets import ROOT, targets

    target, chance = targets()[wanted.target], random.Random(wanted.seed)
    seeds = target.seeds()
    if wanted.corpus is not None:
        seeds += [raw for path in sorted(wanted.corpus.glob("*")) if len(raw := path.read_bytes()) <= wanted.most_bytes]
    signal.signal(signal.SIGPROF, _too_long)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_ADDRESSES, _MOST_ADDRESSES))
    begun = time.monotonic()
    for number in range(wanted.executions):
        raw = target.mutate(chance.choice(seeds), chance)[: wanted.most_bytes]
        signal.setitimer(signal.ITIMER_PROF, _LONGEST_S)  # of processor time: the machine may do much else
        try:
            target.run(raw)
        except BaseException:
            kept = ROOT / "fuzz" / "found" / target.name
            kept.mkdir(parents=True, exist_ok=True)
            (kept / f"crash-{hashlib.sha1(raw).hexdigest()}").write_bytes(raw)
            raise
        signal.setitimer(signal.ITIMER_PROF, 0)
        if number % _SAID_EVERY == 0:
            _say(target.name, number + 1, begun)
    _say(target.name, wanted.executions, begun)


def _too_long(_number: int, _frame: object) -> None:
    raise AssertionError(f"it takes more than {_LONGEST_S} s")


def _say(name: str, count: int, begun: float) -> None:
    """Print how many were run, and how many in a second of processor time."""
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    rate = count / max(time.process_time(), 1e-9)
    elapsed = time.monotonic() - begun
    text = f"{name}: {count:,} executions, {rate:,.0f} per CPU second, {elapsed:,.0f} s, {most_mb} MB\n"
    sys.stdout.write(text)
    sys.stdout.flush()


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
