"""The graph on the screen, as tests see it: opened, waited for, read off, and held to its geometry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import networkx as nx
from playwright.sync_api import Page

from tests.places import SAMPLES

Serve = Callable[..., str]
Drawn = dict[str, Any]

GAN = SAMPLES / "m17_gan.meta"
KEYS = "(all) => all.map((one) => one.dataset.key)"
SHIFT = "document.querySelector('svg.graph > g').getAttribute('transform')"
SETTLED = """() => {
  const svg = document.querySelector('svg.graph');
  return !!svg?.dataset.settled && !svg.getAnimations({ subtree: true }).length;
}"""
"""What was asked for is drawn, and nothing moves any more."""


def opened(page: Page, url: str, path: Path = GAN, **query: str | list[str]) -> str:
    """Open the graph of a model; returns its id."""
    models = {model["path"]: model["id"] for model in page.request.get(f"{url}api/models").json()}
    page.goto(f"{url}?{urlencode({'model': models[str(path)], 'view': 'graph', **query}, doseq=True)}")
    settle(page)
    return str(models[str(path)])


def settle(page: Page) -> None:
    """Wait until what was asked for is drawn, and nothing moves any more."""
    page.wait_for_function(SETTLED)


def drawn(page: Page) -> Drawn:
    """Return what is on the screen, in the coordinates of the drawing."""
    found: Drawn = page.evaluate(
        """() => {
          const place = (g) => { const m = new DOMMatrix(getComputedStyle(g).transform); return [m.e, m.f]; };
          const box = (g) => { const r = g.querySelector('rect:not(.behind)'); const [x, y] = place(g);
            return [x, y, +r.getAttribute('width'), +r.getAttribute('height')]; };
          const all = (selector) => [...document.querySelectorAll('svg.graph ' + selector)];
          return {
            items: all('.item').map((g) => ({ key: g.dataset.key, open: g.classList.contains('open'), box: box(g) })),
            gates: all('.gate').map((g) => {
              const [scope, id] = [g.dataset.scope.slice(1), g.dataset.gate.slice(1)];
              return { scope, id, box: box(g) }; }),
            links: all('.link').map((g) => { const path = g.querySelector('.line'), length = path.getTotalLength();
              const [a, b] = [path.getPointAtLength(0), path.getPointAtLength(length)];
              const [scope, source, target] = ['scope', 'source', 'target'].map((name) => g.dataset[name].slice(1));
              const isLaid = !g.classList.contains('overlay') && !g.classList.contains('reference');
              const pieces = path.getAttribute('d').split('M').filter((one) => one.trim())
                .map((one) => one.match(/-?[0-9.]+/g).map(Number)).map((one) => [one.slice(0, 2), one.slice(-2)]);
              return { scope, source, target, ends: [[a.x, a.y], [b.x, b.y]], pieces: isLaid ? pieces : [] }; }),
          };
        }"""
    )
    return found


def check_geometry(found: Drawn) -> None:
    """No two boxes of one scope overlap, and every line ends on what it links."""
    scopes: dict[str, list[list[float]]] = {}
    for item in found["items"]:
        scopes.setdefault(item["key"].split("\\u000a")[0], []).append(item["box"])
    for boxes in scopes.values():
        for index, (x, y, width, height) in enumerate(boxes):
            for left, top, wide, high in boxes[index + 1 :]:
                assert (
                    x + width <= left + 0.5
                    or left + wide <= x + 0.5
                    or y + height <= top + 0.5
                    or top + high <= y + 0.5
                )
    places = {item["key"]: [item["box"]] for item in found["items"]}
    for gate in found["gates"]:
        places.setdefault(f"{gate['scope']}\\u000a{gate['id']}", []).append(gate["box"])
    for link in found["links"]:
        for end, name in zip(link["ends"], (link["source"], link["target"]), strict=True):
            own, common = (f"{link['scope']}\\u000a{one}" for one in (name, ""))  # many ends share one gate
            assert any(near(end, box) for box in places.get(own, places.get(common, []))), (link, name)


def check_direction(found: Drawn) -> None:
    """Every piece of a line that is in no cycle runs upward; lines that are drawn over the layout are left out."""
    for scope in {link["scope"] for link in found["links"]}:
        links = [link for link in found["links"] if link["scope"] == scope and link["pieces"]]
        lines = nx.DiGraph((link["source"], link["target"]) for link in links)
        ring = {name: index for index, ring in enumerate(nx.strongly_connected_components(lines)) for name in ring}
        for link in links:
            is_free = ring[link["source"]] != ring[link["target"]]
            assert not is_free or all(start[1] >= end[1] - 1 for start, end in link["pieces"]), link


def near(point: list[float], box: list[float]) -> bool:
    (x, y), (left, top, width, height) = point, box
    return left - 2 <= x <= left + width + 2 and top - 2 <= y <= top + height + 2


def item(page: Page, key: str) -> Any:
    return page.locator(f'svg.graph .item[data-key="{key}"]')
