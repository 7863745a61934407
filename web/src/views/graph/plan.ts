// From the picture of one opened scope to what is laid out: boxes with their sizes, gates at the sides, lines.

import { cut, plural, printable } from "../../lib/format";
import type { GraphItem, GraphLink, GraphPicture } from "../../lib/schema";

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

// Where a line from outside meets the side of an opened box: measured along that side.
export interface Gate {
  id: string; // of what is outside; MORE for one that stands for all that have none of their own
  label: string;
  side: "in" | "out";
  along: number;
  weights: boolean; // whether nothing but variables comes through
  others: string[]; // of a gate for MORE: whose it is
}

export const MORE = ""; // no op is called so

export interface Box extends Size {
  gates: Gate[];
}

export interface Node {
  id: string;
  size: Size;
  gates: Gate[];
}

export interface Plan {
  scope: string;
  isSideways: boolean;
  nodes: Node[]; // with a line at least
  loose: Node[]; // no line leads to them: they stand beside the others, and not in the way of lines
  gates: (Omit<Gate, "along"> & { size: Size })[];
  lines: { id: string; source: string; target: string; label: string; also: string[] }[]; // laid out; `also`: links on the same line
  overlays: { id: string; source: string; target: string }[]; // drawn over what is laid out
}

export interface Placed extends Box {
  at: Map<string, Point>;
  routes: Map<string, { points: Point[]; label: Point | null; isOverlay: boolean }>;
}

export const HEAD = 26;
export const MARGIN = 14;
const LETTER = 6.7;
const MOST_LETTERS = 26;
const MOST_LABELS = 90;
const FAN = 7; // lines from one variable; more are drawn over, for they would pull everything towards it
const MOST_GATES = 24; // of each side

export function title(item: GraphItem): string {
  return cut(printable(item.label), MOST_LETTERS);
}

export function subtitle(item: GraphItem): string {
  if (item.kind === "variable")
    return [item.shape_known ? dims(item.shape) : "", item.uses > 1 ? plural(item.uses, "call site") : ""]
      .filter(Boolean)
      .join(" · ");
  if (item.kind === "scope" || item.kind === "group") return plural(item.ops, "op");
  const [constant] = item.constants;
  const value = !constant
    ? ""
    : item.total_constants > 1
      ? `${item.total_constants} constants`
      : cut(constant.preview.join(" ") || dims(constant.shape), 12);
  const type = item.label === item.type || (item.type === "Const" && value) ? "" : cut(item.type, 20);
  return [type, value].filter(Boolean).join(" · ");
}

export function sizeOf(item: GraphItem): Size {
  const letters = Math.max(
    Array.from(title(item)).length + (item.total_members > 1 ? 4 : 0),
    Array.from(subtitle(item)).length * 0.85,
  );
  return {
    width: Math.round(Math.max(54, letters * LETTER + (item.can_open || item.calls.length ? 36 : 24))),
    height: subtitle(item) ? 36 : 24,
  };
}

export function dims(shape: (number | null)[] | null): string {
  if (shape === null) return "…";
  return shape.length ? shape.map((size) => size ?? "?").join("×") : "scalar";
}

// Keys of what a job places. Names are hostile data and may hold any sign, so that what a key is of stands before them.
export function lineId(source: string, target: string): string {
  return JSON.stringify([source, target]);
}

export function itemNode(id: string): string {
  return `item:${id}`;
}

export function gateNode(side: "in" | "out", id: string): string {
  return `${side}:${id}`;
}

export function idOf(key: string): string {
  return key.slice(key.indexOf(":") + 1);
}

// What is drawn in place of a picture, and how its links are: laid out, or drawn over.
export function plan(picture: GraphPicture, opened: Map<string, Box>, isSideways: boolean): Plan {
  const items = picture.items.filter((item) => item.aside === null);
  const inPlace = new Set(items.map((item) => item.id));
  const name = (index: number) =>
    index < picture.items.length ? picture.items[index]! : picture.outside[index - picture.items.length]!;
  const isOutside = (index: number) => index >= picture.items.length;
  const kept = picture.links.filter((link) =>
    [link.source, link.target].every((end) =>
      isOutside(end) ? picture.outside[end - picture.items.length]!.aside === null : inPlace.has(name(end).id),
    ),
  );
  const gates = gatesOf(picture, kept);
  const laid = new Map<string, Plan["lines"][number]>();
  const fans = new Map<number, number>();
  for (const link of kept) if (link.weights === link.data) fans.set(link.source, (fans.get(link.source) ?? 0) + 1);
  const made: Plan = {
    scope: picture.scope,
    isSideways,
    nodes: [],
    loose: [],
    gates: [...gates.values()],
    lines: [],
    overlays: [],
  };
  for (const link of kept) {
    const [source, target] = [end(link.source, "in"), end(link.target, "out")];
    const line = { id: lineId(name(link.source).id, name(link.target).id), source, target };
    const isFan = link.weights === link.data && (isOutside(link.source) || (fans.get(link.source) ?? 0) > FAN);
    if (link.data === 0 || isFan || link.writes === link.data) made.overlays.push(line);
    else lay(line, labelOf(link));
  }
  const led = new Set(made.lines.flatMap((line) => [line.source, line.target]));
  for (const item of items) {
    const [id, box] = [itemNode(item.id), opened.get(item.id)];
    (led.has(id) ? made.nodes : made.loose).push({ id, size: box ?? sizeOf(item), gates: box?.gates ?? [] });
  }
  if (made.lines.length > MOST_LABELS) made.lines.forEach((line) => (line.label = ""));
  return made;

  function end(index: number, side: "in" | "out"): string {
    const { id } = name(index);
    if (!isOutside(index)) return itemNode(id);
    return gates.has(gateNode(side, id)) ? gateNode(side, id) : gateNode(side, MORE);
  }

  // Several links share a line where several ends share a gate.
  function lay(line: { id: string; source: string; target: string }, label: string): void {
    const pair = lineId(line.source, line.target);
    const known = laid.get(pair);
    if (known) {
      known.also.push(line.id);
      known.label = "";
    } else {
      laid.set(pair, { ...line, label, also: [] });
      made.lines.push(laid.get(pair)!);
    }
  }
}

function gatesOf(picture: GraphPicture, links: GraphLink[]): Map<string, Plan["gates"][number]> {
  const found = { in: new Map<string, Found>(), out: new Map<string, Found>() };
  for (const link of links) {
    for (const [index, side] of [
      [link.source, "in"],
      [link.target, "out"],
    ] as const) {
      if (index < picture.items.length) continue;
      const { id, label } = picture.outside[index - picture.items.length]!;
      const weights = link.data > 0 && link.weights === link.data;
      const gate = found[side].get(id) ?? { id, label: cut(printable(label), 18), weights: true, edges: 0 };
      found[side].set(id, { ...gate, weights: gate.weights && weights, edges: gate.edges + link.data + link.control });
    }
  }
  const all = (["in", "out"] as const).flatMap((side) => sideOf([...found[side].values()], side));
  return new Map(all.map((gate) => [gateNode(gate.side, gate.id), gate]));
}

interface Found {
  id: string;
  label: string;
  weights: boolean;
  edges: number;
}

// The gates of one side: those with most edges have one each, the others have one together.
function sideOf(found: Found[], side: "in" | "out"): Plan["gates"] {
  const gate = ({ id, label, weights }: Omit<Found, "edges">, others: string[] = []) => ({
    id,
    label,
    side,
    weights,
    others,
    size: { width: gateWidth(label), height: 16 },
  });
  if (found.length <= MOST_GATES) return found.map((one) => gate(one));
  const order = [...found].sort((a, b) => b.edges - a.edges);
  const [kept, others] = [order.slice(0, MOST_GATES - 1), order.slice(MOST_GATES - 1)];
  const rest = { id: MORE, label: `${others.length} more`, weights: others.every((one) => one.weights) };
  return [
    ...kept.map((one) => gate(one)),
    gate(
      rest,
      others.map((one) => one.id),
    ),
  ];
}

export function gateWidth(label: string): number {
  return Math.round(label.length * 6 + 14);
}

function labelOf(link: GraphLink): string {
  if (link.tensors === 1) return link.shape_known ? dims(link.shape) : "";
  return link.tensors > 1 ? `${link.tensors} tensors` : "";
}
