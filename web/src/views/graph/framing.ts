// What of a drawing is in view: all of it, or one box.

import { ancestors, route } from "../../app/route";
import type { DrawnItem, Drawing } from "./store";
import type { Viewport } from "./viewport";

const LARGEST_SCALE = 1.6;
const ROOM = 12; // px around the drawing

// The scale at which all of a drawing is in view.
export function fitScale(drawing: { width: number; height: number }, canvas: SVGSVGElement): number {
  const [width, height] = [canvas.clientWidth - 2 * ROOM, canvas.clientHeight - 2 * ROOM];
  return Math.min(width / drawing.width, height / drawing.height, LARGEST_SCALE);
}

// Show all of it; what would be too small to read then is shown from its inputs on.
export function fit(drawing: Drawing, svg: SVGSVGElement, viewport: Viewport, least = 0): void {
  const [width, height] = [svg.clientWidth - 2 * ROOM, svg.clientHeight - 2 * ROOM];
  const k = Math.max(least, fitScale(drawing, svg));
  const [left, top] = [width - drawing.width * k, height - drawing.height * k];
  const { isSideways } = route.value.graphView;
  const across = (free: number, size: number, middle: number) =>
    free >= 0 ? free / 2 : Math.min(0, Math.max(free, size / 2 - middle * k));
  const x = isSideways
    ? Math.max(0, left / 2)
    : across(left, width, median(drawing.items.map((item) => item.x + item.width / 2)));
  const y = isSideways
    ? across(top, height, median(drawing.items.map((item) => item.y + item.height / 2)))
    : Math.min(top, top / 2);
  viewport.set({ x: ROOM + x, y: ROOM + y, k });
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

const READABLE = 0.55;

// Bring a box into view, large enough to read, if it is not there already.
export function center(drawing: Drawing, key: string, svg: SVGSVGElement, viewport: Viewport): void {
  const box = drawing.items.find((item) => item.key === key);
  if (!box) return;
  const { clientWidth, clientHeight } = svg;
  const { x, y, k } = viewport.now();
  const [left, top] = [box.x * k + x, box.y * k + y];
  const isInView = left >= 0 && top >= 0 && left + box.width * k <= clientWidth && top + box.height * k <= clientHeight;
  if (k >= READABLE && isInView) return;
  const scale = Math.min(Math.max(k, READABLE), clientWidth / (box.width + 20), clientHeight / (box.height + 20));
  viewport.set({
    x: clientWidth / 2 - (box.x + box.width / 2) * scale,
    y: clientHeight / 2 - (box.y + box.height / 2) * scale,
    k: scale,
  });
}

// The key of the innermost drawn box that stands for a name.
export function deepest(items: DrawnItem[], name: string): string {
  if (!name) return "";
  const around = new Set([name, ...ancestors(name)]);
  let best: DrawnItem | undefined;
  for (const drawn of items) {
    const { path, members, plumbing } = drawn.item;
    const holds = around.has(path) || members.includes(name) || plumbing.includes(name);
    if (holds && (!best || drawn.depth > best.depth)) best = drawn;
  }
  return best?.key ?? "";
}
