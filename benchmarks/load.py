"""A server under load: many clients ask mixed light routes while one asks the slowest questions.

    python benchmarks/load.py PATH... [--clients 200] [--minutes 10]

Prints requests per second, p50 and p99 of the light routes and of the questions about a model, errors, the slope of the
resident memory over the second half, and the open descriptors before and after. Exits with 1 if a bar is missed:
an error, p99 of the light routes over 1 s, more descriptors than before, or memory that grows by over 1 MB a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from urllib.parse import quote

LIGHT = ("/", "/api/models", "/workspace", "/api/places")
QUICK = (
    "summary", "tree", "tree?tree=variables", "graph", "map", "variables?limit=50", "find?q=op%3AMatMul",
    "collections?limit=20", "graph/opening",
)  # fmt: skip
SLOWEST = ("lint", "findings", "inspection?limit=5000", "sharing?minimum=0&limit=5000", "variables?sort=call_sites")
_TOO_LONG_S = 60.0


class Asked:
    """What was asked and how it went."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.statuses: Counter[str] = Counter()


async def ask(port: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    """Ask on a connection of its own, as many clients do."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n"
        )
        writer.write(head.encode())
        answer = await asyncio.wait_for(reader.read(), _TOO_LONG_S)
        return int(answer[9:12] or 0), answer.partition(b"\r\n\r\n")[2]
    finally:
        writer.close()


async def client(port: int, models: list[str], scopes: dict[str, list[str]], asked: Asked, ends_at: float) -> None:
    """Ask one mixed question after the other, with pauses as a person makes them."""
    while time.monotonic() < ends_at:
        kind = random.choices(("light", "quick"), (1, 2))[0]
        path = random.choice(LIGHT)
        if kind == "quick":
            model = random.choice(models)
            question = random.choice((*QUICK, f"graph?scope={quote(random.choice(scopes[model]), safe='')}"))
            path = f"/api/models/{model}/{question}"
        await timed(port, path, kind, asked)
        await asyncio.sleep(random.uniform(0.5, 3.0))


async def timed(port: int, path: str, kind: str, asked: Asked) -> None:
    """Ask one question and note how it went."""
    begun = time.monotonic()
    try:
        status, _ = await ask(port, path)
    except (TimeoutError, OSError) as error:
        asked.statuses[f"{kind} {type(error).__name__}"] += 1
        return
    asked.seconds[kind].append(time.monotonic() - begun)
    asked.statuses[f"{kind} {status}"] += 1


async def slowest(port: int, models: list[str], asked: Asked, ends_at: float) -> None:
    """Ask the slowest questions, each computed anew: the model is read again before."""
    while time.monotonic() < ends_at:
        for question in SLOWEST:
            await timed(port, f"/api/models/{models[-1]}/{question}", "slowest", asked)
        await timed(port, f"/api/diff?a={models[0]}&b={models[-1]}", "slowest", asked)
        await ask(port, f"/api/models/{models[-1]}/reload", "POST")


async def watch(pid: int, ends_at: float, found: list[tuple[float, int, int]]) -> None:
    """Note the resident memory and the open descriptors every five seconds."""
    while time.monotonic() < ends_at:
        rss = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])  # type: ignore[index]
        found.append((time.monotonic(), rss, len(os.listdir(f"/proc/{pid}/fd"))))  # noqa: PTH208
        await asyncio.sleep(5)


async def run(port: int, pid: int, arguments: argparse.Namespace) -> tuple[Asked, list[tuple[float, int, int]]]:
    """Load a server; return what was asked, and what it took."""
    models, scopes = [], {}
    while not models or any(model["state"] == "loading" for model in models):
        models = json.loads((await ask(port, "/api/models"))[1])
        await asyncio.sleep(0.2)
    for model in models:
        tree = json.loads(await unpacked(port, f"/api/models/{model['id']}/graph"))
        scopes[model["id"]] = [item["path"] for item in tree["items"] if item["can_open"]] or [""]
    named = [model["id"] for model in sorted(models, key=lambda model: model["ops"])]
    asked, found = Asked(), []
    ends_at = time.monotonic() + 60 * arguments.minutes
    await asyncio.gather(
        watch(pid, ends_at, found),
        slowest(port, named, asked, ends_at),
        *(client(port, named, scopes, asked, ends_at) for _ in range(arguments.clients)),
    )
    await asyncio.sleep(6)
    await watch(pid, time.monotonic() + 1, found)
    return asked, found


async def unpacked(port: int, path: str) -> bytes:
    import gzip

    content = (await ask(port, path))[1]
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def report(asked: Asked, found: list[tuple[float, int, int]], minutes: float) -> bool:
    """Print the figures; return whether every bar is held."""
    for kind, seconds in sorted(asked.seconds.items()):
        p99 = statistics.quantiles(seconds, n=100)[98] if len(seconds) > 1 else seconds[0]
        rate = len(seconds) / 60 / minutes
        print(
            f"{kind:8} {len(seconds):7,} asked, {rate:6.1f}/s, p50 {statistics.median(seconds):.3f} s, p99 {p99:.3f} s"
        )
    print("answers ", dict(sorted(asked.statuses.items())))
    late = found[len(found) // 2 : -1]
    slope = statistics.linear_regression([t / 60 for t, *_ in late], [rss / 1024 for _, rss, _ in late]).slope
    print(
        f"memory   {found[0][1] / 1024:.0f} MB at first, {found[-1][1] / 1024:.0f} MB at last, {slope:+.2f} MB/minute"
    )
    print(
        f"files    {found[0][2]} descriptors at first, {max(fds for *_, fds in found)} at most, {found[-1][2]} at last"
    )
    light = statistics.quantiles(asked.seconds["light"], n=100)[98]
    has_errors = any(not status.endswith((" 200", " 304")) for status in asked.statuses)
    return not has_errors and light < 1 and slope < 1 and found[-1][2] <= found[0][2] + 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10.0)
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "scopeview", "serve", "--no-open", "--import-up-to", "0", *arguments.paths]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:(\d+)/", server.stdout.readline())
        assert address is not None
        asked, found = asyncio.run(run(int(address[1]), server.pid, arguments))
    finally:
        server.terminate()
        server.wait(10)
    sys.exit(0 if report(asked, found, arguments.minutes) else 1)


if __name__ == "__main__":
    main()
