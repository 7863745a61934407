"""From the start of `scopeview serve` to its answers, in a process of its own each time; then each scope of the graph.

python benchmarks/serve.py PATH [--times 5]
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from urllib.parse import quote
from urllib.request import urlopen

_MOST_SCOPES = 150
_MOST_WITHIN_ONE = 6


def once(path: str) -> tuple[dict[str, float], list[float]]:
    """Return seconds from the start to the address, page, first level of the tree and map; and those of each scope."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "scopeview", "serve", "--no-open", path]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())
        assert found is not None
        url = found[0]
        seconds = {"address": time.perf_counter() - begun}
        model = json.loads(urlopen(f"{url}api/models").read())[0]["id"]
        for name, question in (("page", ""), ("tree", f"api/models/{model}/tree"), ("map", f"api/models/{model}/map")):
            urlopen(url + question).read()
            seconds[name] = time.perf_counter() - begun
        return seconds, scopes(f"{url}api/models/{model}/graph?scope=")
    finally:
        server.terminate()
        server.wait(10)


def scopes(address: str) -> list[float]:
    """Return seconds for the picture of the root and of up to 150 scopes, the first six within each, asked for once."""
    found, waiting = [], [""]
    for scope in waiting:
        begun = time.perf_counter()
        answer = urlopen(address + quote(scope, safe="")).read()
        found.append(time.perf_counter() - begun)
        inside = [item["path"] for item in json.loads(answer)["items"] if item["can_open"]]
        waiting += inside[: min(_MOST_WITHIN_ONE, _MOST_SCOPES - len(waiting))]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path")
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    found = [once(arguments.path) for _ in range(arguments.times)]
    for name in found[0][0]:
        print(f"{name:8} {statistics.median(run[name] for run, _ in found):6.2f} s")
    first = statistics.median(by_scope[0] for _, by_scope in found)
    worst = statistics.median(max(by_scope[1:], default=0.0) for _, by_scope in found)
    usual = statistics.median(statistics.median(by_scope) for _, by_scope in found)
    print(
        f"graph    {first:6.2f} s; of {len(found[0][1]) - 1} scopes {usual:.3f} s in the median, {worst:.2f} s at worst"
    )


if __name__ == "__main__":
    main()
