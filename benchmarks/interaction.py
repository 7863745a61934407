"""Time what a hand does in the page, by the browser's own clock: open a scope, select a box, switch the view.

    python benchmarks/interaction.py [--times 20] [--size 1440x900] ARTIFACT...

Each artifact is served alone; when its first picture has settled, closed boxes are opened one after the other (each for
the first time, and closed again), boxes are selected, and the views are gone through twice. The clock runs in the page
(`performance.now()`), from the event to the frame in which the answer is drawn:

    open      the layout of the picture with the scope open has settled, and its boxes are in the document
    select    the box is marked, and the inspector names what is selected
    switch    the view stands in the place of the one before, with its content

The first switch to a view is listed apart: the server works its answer out then. One row of Markdown for each artifact:
median / 95th percentile in milliseconds, and in brackets the processor time of the browser and the server together for
one interaction in the mean, which other programs on the machine change least. The bars: 100 ms at 10,000 ops, 200 ms at
100,000, on two cores with nothing else to do.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import statistics
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.first_picture import SETTLED, served  # noqa: E402

PATIENCE_MS = 20_000
VIEWS = {
    "Map": "svg.map .ribbon, .empty",
    "Variables": ".line, .empty",
    "Collections": "details, .empty",
    "Lint": ".verdict",
    "Costs": ".line, .empty",
    "Graph": "svg.graph[data-settled]:not([data-settled='']) .item",
}
CLOCK = """
window.until = (isDone, begin) => new Promise((resolve) => {
  const start = performance.now();
  begin();
  const look = () => {
    if (isDone()) requestAnimationFrame(() => resolve(performance.now() - start));
    else if (performance.now() - start > PATIENCE) resolve(null);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
});
window.svg = () => document.querySelector("svg.graph");
window.boxes = (selector) => [...svg().querySelectorAll(selector)];
""".replace("PATIENCE", str(PATIENCE_MS))
OPEN = """(at) => {
  const box = boxes(".item[aria-expanded=false]")[at];
  if (!box) return undefined;
  const [before, key] = [svg().dataset.settled, box.dataset.key];
  const isOpen = () => boxes(".item[aria-expanded=true]").some((one) => one.dataset.key === key);
  window.opened = key;
  return until(() => svg().dataset.settled && svg().dataset.settled !== before && isOpen(),
    () => box.dispatchEvent(new MouseEvent("dblclick", { bubbles: true })));
}"""
CLOSE = """() => boxes(".item[aria-expanded=true]").find((one) => one.dataset.key === opened)
  ?.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }))"""
SELECT = """(at) => {
  const all = boxes(".item"), box = all[at % all.length], key = box.dataset.key;
  const heading = () => document.querySelector(".inspector h2")?.textContent ?? "";
  const before = heading();
  return until(() => boxes(".item.selected").some((one) => one.dataset.key === key) && heading() !== before,
    () => box.dispatchEvent(new MouseEvent("click", { bubbles: true })));
}"""
SWITCH = """([name, content]) => {
  const button = [...document.querySelectorAll("nav button")].find((one) => one.dataset.name === name);
  const view = () => document.querySelector(`section.view[aria-label="${name}"]`);
  return until(() => view()?.querySelector(content), () => button.click());
}"""


def measure(page: Page, times: int) -> dict[str, Taken]:
    """Return what each kind of interaction took, in milliseconds."""
    page.evaluate(CLOCK)
    found: dict[str, list[Any]] = {"open": [], "select": [], "first switch": [], "switch": []}
    spent: dict[str, float] = {}
    before = processor_ms()
    for at in range(times):
        took = page.evaluate(OPEN, at)
        if took is None and page.locator("svg.graph .item[aria-expanded=false]").count() <= at:
            break  # all that were closed have been opened
        found["open"].append(took)
        page.evaluate(CLOSE)
        page.wait_for_function(SETTLED)
    spent["open"], before = processor_ms() - before, processor_ms()
    for at in range(times):
        found["select"].append(page.evaluate(SELECT, at))
    spent["select"] = processor_ms() - before
    for kind, rounds in (("first switch", 1), ("switch", 3)):
        before = processor_ms()
        for name, content in list(VIEWS.items()) * rounds:
            found[kind].append(page.evaluate(SWITCH, [name, content]))
        spent[kind] = processor_ms() - before
    return {
        kind: Taken(tuple(PATIENCE_MS if took is None else took for took in all_), spent[kind] / max(1, len(all_)))
        for kind, all_ in found.items()
    }


@dataclass(frozen=True)
class Taken:
    """What one kind of interaction took, in milliseconds."""

    each: tuple[float, ...]
    processor: float
    """Of the browser and the server together, in the mean."""


def processor_ms() -> float:
    """Return the processor time that all processes below this one have taken."""
    parents: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text("utf-8", "replace").rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(fields[1]), float(fields[11]) + float(fields[12])
    total = 0.0
    for process, (above, ticks) in parents.items():
        while above != os.getpid() and above in parents:
            above = parents[above][0]
        total += ticks if above == os.getpid() and process != os.getpid() else 0
    return 1000 * total / os.sysconf("SC_CLK_TCK")


def row(name: str, ops: int, found: dict[str, Taken]) -> str:
    """Return a row of the table."""
    cells = []
    for taken in found.values():
        ordered = sorted(taken.each)
        if not ordered:
            cells.append("none")
            continue
        late = ordered[math.ceil(0.95 * len(ordered)) - 1]  # by the nearest rank: of 20, the second longest
        cells.append(
            f"{statistics.median(ordered):.0f} / {late:.0f} ms ({taken.processor:.0f} ms), {len(ordered)} times"
        )
    return f"| {name} | {ops:,} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifacts", nargs="+")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--size", default="1440x900")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    print("| artifact | ops | open | select | first switch | switch |\n|---|---|---|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for artifact in arguments.artifacts:
            context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
            page = context.new_page()
            with served(artifact) as url:
                page.goto(url)
                page.wait_for_function(SETTLED, timeout=180_000)
                ops = page.request.get(f"{url}api/models").json()[0]["ops"]
                print(row("/".join(artifact.split("/")[-2:]), ops, measure(page, arguments.times)), flush=True)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
