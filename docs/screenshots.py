"""Take the pictures of the page in `docs/screenshots/`: every view, light and dark, at 1440 x 900.

python docs/screenshots.py [FOLDER]

Serves samples of this repository and drives Chromium over them; what is selected and opened is part of each address.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "screenshots"
SAMPLES = "sample_graphs/artifacts"
SERVED = ("m17_gan.meta", "m18_missed_sharing.meta", "m33_original.ckpt", "m33_renamed.meta", "m29_keras")

TRAINING = "resnet.meta"
"""A training graph that is made for the pictures: a residual network with loss, Adam, summaries and a saver."""

VIEWS: dict[str, dict[str, str | list[str]]] = {
    "graph": {"model": TRAINING, "view": "graph", "op": ["resnet", "resnet/block1"], "at": "resnet/block1/pool"},
    "sharing": {
        "model": "m17_gan.meta", "view": "graph", "op": ["discriminator", "discriminator/hidden"], "color": "sharing",
        "at": "discriminator/hidden/weights",
    },
    "map": {"view": "map", "model": "m17_gan.meta", "var": ["discriminator"], "at": "discriminator/hidden"},
    "variables": {
        "model": TRAINING, "view": "variables", "filter": "sort:parameters down",
        "var": ["resnet", "resnet/block2"], "at": "resnet/block2/unit_1/conv1/weights",
    },
    "collections": {"model": "m17_gan.meta", "view": "collections", "tree": "ops"},
    "diff": {"model": "m33_original.ckpt", "with": "m33_renamed.meta", "view": "diff", "var": ["layer1", "model"]},
    "lint": {"model": "m18_missed_sharing.meta", "view": "lint"},
}  # fmt: skip
"""What each picture shows: parameters of the address; models by the name of their file."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the samples and the training graph; yields the address."""
    training = folder / TRAINING
    make = [sys.executable, str(ROOT / "benchmarks" / "training_graph.py"), "--ops", "17000", str(training)]
    subprocess.run(make, check=True)
    for sample in (ROOT / SAMPLES).iterdir():
        (folder / sample.name).symlink_to(sample)
    paths = [*SERVED, TRAINING]  # names alone: a picture shows no folder of the machine that it was taken on
    command = [sys.executable, "-m", "scopeview", "serve", "--no-open", *paths]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = re.search(r"http://\S+/", process.stdout.readline())
        assert printed is not None
        try:
            yield printed[0]
        finally:
            process.terminate()


def take(page: Page, url: str, name: str, query: dict[str, str | list[str]], target: Path) -> None:
    """Take one picture."""
    ids = {Path(model["path"]).name: model["id"] for model in page.request.get(f"{url}api/models").json()}
    named = {key: ids[str(value)] if key in ("model", "with") else value for key, value in query.items()}
    page.goto(f"{url}?{urlencode(named, doseq=True)}")
    page.locator(".tree .row").first.wait_for()
    page.get_by_text("imported by TensorFlow").or_(page.get_by_text("checkpoint v2")).first.wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    if query.get("view") == "graph":
        page.locator("svg.graph[data-settled]:not([data-settled=''])").wait_for()
        page.wait_for_timeout(400)  # boxes slide to their places
    page.screenshot(path=target / f"{name}.png")


def main() -> None:
    """Take all of them."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.mkdir(exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for theme in ("light", "dark"):
            context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=theme)
            page = context.new_page()
            for name, query in VIEWS.items():
                take(page, url, f"{name}_{theme}", query, target)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
