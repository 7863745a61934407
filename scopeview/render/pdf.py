"""A figure as PDF: Chromium prints the SVG on a page of its size, with the letters that it used inside."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from scopeview.errors import ScopeviewError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "msedge")
_TIMEOUT_S = 120.0
_HINT = "use --format svg, which any drawing program turns into PDF"
_PAGE = """<!doctype html><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>@page {{ size: {width} {height}; margin: 0 }} html, body {{ margin: 0 }} body > svg {{ display: block }}</style>
{svg}"""


def to_pdf(svg: str) -> bytes:
    """Print an SVG that has its size in its first tag.

    Raises:
        ScopeviewError: there is no Chromium, or it failed.
    """
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        raise ScopeviewError(f"PDF is printed by Chromium or Chrome, and neither is on the path; {_HINT}")
    width, height = _size(svg)
    with tempfile.TemporaryDirectory(prefix="scopeview-pdf-") as name:
        folder = Path(name)
        page, target = folder / "figure.html", folder / "figure.pdf"
        page.write_text(_PAGE.format(width=width, height=height, svg=svg), "utf-8")
        _print(browser, page, target)
        if not target.is_file():
            raise ScopeviewError(f"{browser} printed nothing; {_HINT}")
        return target.read_bytes()


def _size(svg: str) -> tuple[str, str]:
    """Return width and height as CSS lengths, a hair larger: what does not fit goes on a second page."""
    first = svg[: svg.index(">")]
    found = [re.search(rf' {side}="([0-9.]+)([a-z]*)"', first) for side in ("width", "height")]
    assert all(found)
    width, height = ((float(one[1]), one[2] or "px") for one in found if one)
    return f"{width[0]:g}{width[1]}", f"{height[0] * 1.001:g}{height[1]}"


def _print(browser: str, page: Path, target: Path) -> None:
    command = [
        browser,
        "--headless",
        "--disable-gpu",
        "--disable-extensions",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        f"--user-data-dir={page.parent / 'profile'}",
        *(
            ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        ),  # it refuses to run as root with one
        "--no-pdf-header-footer",
        f"--print-to-pdf={target}",
        page.as_uri(),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ScopeviewError(f"{browser} took more than {_TIMEOUT_S:g} s to print the figure; {_HINT}") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:300]
        raise ScopeviewError(f"{browser} could not print the figure ({last}); {_HINT}")
