// The graph by keyboard: arrows go to the nearest box in a direction, Enter opens, Escape leaves.

import { useEffect } from "preact/hooks";
import { printable } from "../../lib/format";
import { route, navigate, changeGraphView, toggleSelected } from "../../app/route";
import { applyToSelected, bringAllBack } from "./rules";
import type { DrawnItem, Drawing } from "./store";

interface Keyboard {
  svg: { current: SVGSVGElement | null };
  drawing: Drawing | undefined;
  selectedKey: string;
  open: (item: DrawnItem) => void;
  fit: () => unknown;
  zoom: (factor: number) => void;
}

const WAYS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function useKeys({ svg, drawing, selectedKey, open, fit, zoom }: Keyboard): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as Element;
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) ||
        target.getAttribute("role") === "tree"
      )
        return;
      const isInside = !!svg.current?.contains(target);
      const focused = target.closest?.("[data-key]")?.getAttribute("data-key") ?? selectedKey;
      const here = drawing?.items.find((item) => printable(item.key) === focused || item.key === focused);
      const { graphView, selected } = route.value;
      if (event.key === "h") applyToSelected("hidden", drawing);
      else if (event.key === "i") applyToSelected("only", drawing);
      else if (event.key === "H") bringAllBack();
      else if (event.key === "f") fit();
      else if (event.key === "+" || event.key === "=") zoom(1.3);
      else if (event.key === "-") zoom(1 / 1.3);
      else if (event.key === "t" && selected) changeGraphView({ trace: graphView.trace === "inputs" ? "" : "inputs" });
      else if (event.key === "T" && selected)
        changeGraphView({ trace: graphView.trace === "outputs" ? "" : "outputs" });
      else if (event.key === "p" && graphView.also.length === 1)
        changeGraphView({ trace: graphView.trace === "paths" ? "" : "paths" });
      else if (!isInside) return;
      else if (event.key === "Enter" && here) {
        navigate({ selected: here.item.path });
        open(here);
      } else if (event.key === " " && here) (event.shiftKey ? toggleSelected : select)(here.item.path);
      else if (event.key.toLowerCase() === "e" && here && drawing) nextLink(drawing, here, event.key === "e" ? 1 : -1);
      else if (event.key === "Escape") leave(here);
      else if (WAYS[event.key] && drawing) {
        const next = nearest(drawing.items, here, WAYS[event.key]!);
        if (next) {
          navigate({ selected: next.item.path });
          focus(svg.current, next.key);
        }
      } else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });

  // Out of the trace, then out of the scope: it is closed and selected itself.
  function leave(here: DrawnItem | undefined): void {
    const { graphView, openOps } = route.value;
    if (graphView.trace || graphView.link.length) changeGraphView({ trace: "", link: [] });
    else if (here?.scope) {
      navigate({ openOps: openOps.filter((path) => path !== here.scope), selected: here.scope });
      const around = drawing?.items.find((item) => item.item.path === here.scope && item.isOpen);
      if (around) requestAnimationFrame(() => focus(svg.current, around.key));
    } else navigate({ selected: "" });
  }
}

// The links of a box, one after another: the inspector lists the edges of each.
function nextLink(drawing: Drawing, here: DrawnItem, step: number): void {
  const links = drawing.links.filter(
    (link) => link.scope === here.scope && (link.source === here.item.id || link.target === here.item.id),
  );
  const [scope, source, target] = route.value.graphView.link;
  const index = links.findIndex((link) => link.scope === scope && link.source === source && link.target === target);
  const next = links[index < 0 ? (step > 0 ? 0 : links.length - 1) : (index + step + links.length) % links.length];
  if (next) changeGraphView({ link: [next.scope, next.source, next.target], trace: "" });
}

export function focus(svg: SVGSVGElement | null, key: string): void {
  const found = [...(svg?.querySelectorAll<SVGGElement>("[data-key]") ?? [])].find(
    (element) => element.dataset["key"] === printable(key),
  );
  found?.focus({ preventScroll: true });
}

function nearest(items: DrawnItem[], from: DrawnItem | undefined, [dx, dy]: [number, number]): DrawnItem | undefined {
  if (!from) return items[0];
  const middle = (item: DrawnItem) => ({ x: item.x + item.width / 2, y: item.y + item.height / 2 });
  const here = middle(from);
  let best: { item: DrawnItem; far: number } | undefined;
  for (const item of items) {
    if (item === from || item.isOpen) continue;
    const there = middle(item);
    const [along, beside] = [
      (there.x - here.x) * dx + (there.y - here.y) * dy,
      Math.abs((there.x - here.x) * dy) + Math.abs((there.y - here.y) * dx),
    ];
    const far = along + 2 * beside;
    if (along > 1 && (!best || far < best.far)) best = { item, far };
  }
  return best?.item;
}

const select = (path: string) => navigate({ selected: path });
