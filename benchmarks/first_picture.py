"""Measure the first picture of artifacts in a real browser, against the bars that it has to hold.

    python benchmarks/first_picture.py [--shots FOLDER] [--size 1440x900] ARTIFACT...

Each artifact is served alone and opened as a person opens it: by the address of the server. When the picture has
settled, the page is measured: the smallest text on the screen, boxes outside the canvas, the canvas's share of the
window's width, how much of its width and height is used, and boxes of training, saving and summaries. One row of
Markdown for each.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, TimeoutError, sync_playwright

LEAST_TEXT, LEAST_CANVAS, LEAST_USED, FEW_BOXES = 8.95, 0.6, 0.4, 8
"""Pixels, share of the window's width, share of either side of the canvas, and boxes up to which it may stay empty."""

TRAINING = re.compile(
    r"(^|/)(gradients?(_\d+)?|save(_\d+)?|clip_by_\w+|global_norm|Adam|Momentum|RMSProp|beta\d_power|init_all_tables)$",
    re.IGNORECASE,
)
SETTLED = """() => {
  const svg = document.querySelector("svg.graph");
  if (!svg?.dataset.settled || svg.getAnimations({ subtree: true }).length) return false;
  return svg.querySelectorAll(".item").length > 0 || !!document.querySelector(".view .empty");
}"""
PROBE = """() => {
  const svg = document.querySelector("svg.graph");
  const canvas = svg.getBoundingClientRect();
  const isSeen = (one) => { const style = getComputedStyle(one);
    return style.visibility !== "hidden" && style.display !== "none" && +style.opacity > 0.05; };
  const texts = [...svg.querySelectorAll("text")].filter((one) => isSeen(one) && one.textContent.trim());
  const sizes = texts.map((one) => { const m = one.getScreenCTM();
    return parseFloat(getComputedStyle(one).fontSize) * Math.hypot(m.a, m.b); });
  const boxes = [...svg.querySelectorAll(".item > .body")].filter(isSeen).map((one) => one.getBoundingClientRect());
  const isOut = (one) => one.left < canvas.left - 2 || one.right > canvas.right + 2 ||
    one.top < canvas.top - 2 || one.bottom > canvas.bottom + 2;
  const [left, right] = [Math.min(...boxes.map((one) => one.left)), Math.max(...boxes.map((one) => one.right))];
  const [top, bottom] = [Math.min(...boxes.map((one) => one.top)), Math.max(...boxes.map((one) => one.bottom))];
  return {
    text: Math.min(...sizes), names: texts.map((one) => one.textContent.trim()), boxes: boxes.length,
    outside: boxes.filter(isOut).length, canvas: canvas.width / innerWidth,
    width: (right - left) / canvas.width, height: (bottom - top) / canvas.height,
  };
}"""


@dataclass(frozen=True)
class FirstPicture:
    """What was measured of one first picture."""

    text: float
    """Height of the smallest text on the screen, px."""
    boxes: int
    outside: int
    """Boxes that are not wholly within the canvas."""
    canvas: float
    """Width of the canvas, as a share of the window's."""
    width: float
    """Width that the boxes take together, as a share of the canvas's."""
    height: float
    training: tuple[str, ...]
    """Boxes that do not belong to the computation, by name."""

    def missed(self) -> list[str]:
        """Return the bars that it misses, in words."""
        found = [
            (self.text < LEAST_TEXT, f"text of {self.text:.1f} px"),
            (self.outside > 0, f"{self.outside} boxes outside"),
            (self.canvas < LEAST_CANVAS, f"canvas {self.canvas:.0%} of the window"),
            (bool(self.training), f"boxes of training: {', '.join(self.training)}"),
            (self.boxes > FEW_BOXES and min(self.width, self.height) < LEAST_USED, "canvas left empty"),
        ]
        return [text for is_missed, text in found if is_missed]


def measure(page: Page) -> FirstPicture:
    """Measure the picture of a page that has settled."""
    found: dict[str, Any] = page.evaluate(PROBE)
    training = tuple(sorted({name for name in found["names"] if TRAINING.search(name)}))
    sizes = ("text", "boxes", "outside", "canvas", "width", "height")
    return FirstPicture(**{name: found[name] for name in sizes}, training=training)


@contextmanager
def served(path: str) -> Iterator[str]:
    """Serve an artifact; yields the address."""
    command = [sys.executable, "-m", "scopeview", "serve", "--no-open", "--import-up-to", "0", path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        match = re.search(r"http://\S+", process.stdout.readline())
        assert match is not None
        yield match[0]
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifacts", nargs="+")
    parser.add_argument("--shots", type=Path, help="a folder for screenshots")
    parser.add_argument("--size", default="1440x900")
    parser.add_argument("--patience", type=float, default=180.0, help="seconds until a picture is given up")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        print("| artifact | smallest text | boxes | outside | canvas | used | missed |\n|---|---|---|---|---|---|---|")
        for artifact in arguments.artifacts:
            page = browser.new_page(viewport={"width": width, "height": height})
            name = "/".join(artifact.rstrip("/").split("/")[-2:])
            with served(artifact) as url:
                page.goto(url)
                try:
                    page.wait_for_function(SETTLED, timeout=arguments.patience * 1000)
                except TimeoutError:
                    print(f"| {name} | nothing is drawn after {arguments.patience:.0f} s | | | | | |", flush=True)
                    continue
                if arguments.shots is not None:
                    arguments.shots.mkdir(parents=True, exist_ok=True)
                    page.screenshot(path=arguments.shots / f"{name.replace('/', '_')}.png")
                print(row(name, measure(page)), flush=True)
            page.close()
        browser.close()


def row(name: str, found: FirstPicture) -> str:
    """Write one row of Markdown."""
    cells = [
        name,
        f"{found.text:.1f} px",
        str(found.boxes),
        str(found.outside),
        f"{found.canvas:.0%}",
        f"{found.width:.0%} x {found.height:.0%}",
        "; ".join(found.missed()) or "none",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
