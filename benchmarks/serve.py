"""From the start of `scopeview serve` to its answers, in a process of its own each time.

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
from urllib.request import urlopen


def once(path: str) -> dict[str, float]:
    """Return seconds from the start to the address, the page, the first level of the tree, and the map."""
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
        return seconds
    finally:
        server.terminate()
        server.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path")
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    found = [once(arguments.path) for _ in range(arguments.times)]
    for name in found[0]:
        print(f"{name:8} {statistics.median(run[name] for run in found):6.2f} s")


if __name__ == "__main__":
    main()
