// From the subgraph of one opened scope to what is laid out: boxes with their sizes, gates at the sides, lines.

import { cut, printable } from "../../lib/format";
import type { GraphLink, GraphPicture } from "../../lib/schema";
import { boxSize, dims, type Reference } from "./box";
import { hubsOf, nodeAt } from "./hubs";

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
  label: string;
  size: Size;
  gates: Gate[];
}

export interface PlanOptions {
  isSideways: boolean; // inputs at the left, not at the bottom
  aspect: number; // width to height of what it is drawn on
  drawsHubs: boolean; // lines to hubs, which are references otherwise
}

export interface Plan {
  scope: string;
  isSideways: boolean;
  aspect: number;
  nodes: Node[]; // with a line at least
  loose: Node[]; // no line leads to them: they stand beside the others, and not in the way of lines
  gates: (Omit<Gate, "along"> & { size: Size })[];
  lines: { id: string; source: string; target: string; label: string; also: string[] }[]; // laid out; `also`: links on the same line
  overlays: Line[]; // drawn over what is laid out
  references: Line[]; // lines to hubs, drawn only when one of their ends is pointed at
  referencesOf: Map<string, Reference[]>; // by the id of an item: the hubs that it names
}

interface Line {
  id: string;
  source: string;
  target: string;
}

// Where a line goes on in a later column of its scope, or comes from an earlier one.
export interface Turn extends Point {
  side: "to" | "from";
  label: string; // of the other end
  other: string; // its key
}

export type RouteKind = "line" | "overlay" | "reference";

export interface Placed extends Box {
  at: Map<string, Point>;
  sizes: Map<string, Size>;
  referencesOf: Map<string, Reference[]>;
  routes: Map<string, { pieces: Point[][]; label: Point | null; kind: RouteKind }>; // pieces: see columns.ts
  turns: Turn[];
}

export const GATE_HEIGHT = 16;
export const HEAD = 26;
export const MARGIN = 14;
const MOST_LABELS = 90;
const MOST_GATES = 24; // of each side
const MOST_LABEL = 18; // letters of a gate

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

// What is drawn of a subgraph, and how its links are: laid out, drawn over, or named as references.
export function plan(
  subgraph: GraphPicture,
  opened: Map<string, Box>,
  { isSideways, aspect, drawsHubs }: PlanOptions,
): Plan {
  const items = subgraph.items.filter((item) => item.hidden_by === null);
  const visible = new Set(items.map((item) => item.id));
  const name = (index: number) => nodeAt(subgraph, index);
  const isOutside = (index: number) => index >= subgraph.items.length;
  const isDrawn = (index: number) => (isOutside(index) ? name(index).hidden_by === null : visible.has(name(index).id));
  const kept = subgraph.links.filter((link) => isDrawn(link.source) && isDrawn(link.target));
  const gates = gatesOf(subgraph, kept);
  const hubs = drawsHubs ? null : hubsOf(subgraph, kept, (id) => opened.has(id));
  const laid = new Map<string, Plan["lines"][number]>();
  const made: Plan = {
    scope: subgraph.scope,
    isSideways,
    aspect,
    nodes: [],
    loose: [],
    gates: [...gates.values()],
    lines: [],
    overlays: [],
    references: [],
    referencesOf: hubs?.referencesOf ?? new Map(),
  };
  for (const link of kept) {
    const [source, target] = [end(link.source, "in"), end(link.target, "out")];
    const line = { id: lineId(name(link.source).id, name(link.target).id), source, target };
    const isFromOutside = link.weights === link.data && isOutside(link.source);
    if (hubs?.links.has(link)) made.references.push(line);
    else if (link.data === 0 || isFromOutside || link.writes === link.data) made.overlays.push(line);
    else lay(line, labelOf(subgraph, link));
  }
  const linked = new Set(made.lines.flatMap((line) => [line.source, line.target]));
  for (const item of items) {
    const [id, box] = [itemNode(item.id), opened.get(item.id)];
    const size = box ?? boxSize(item, made.referencesOf.get(item.id) ?? []);
    const label = cut(printable(item.label), MOST_LABEL);
    (linked.has(id) ? made.nodes : made.loose).push({ id, label, size, gates: box?.gates ?? [] });
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
      const gate = found[side].get(id) ?? { id, label: cut(printable(label), MOST_LABEL), weights: true, edges: 0 };
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
    size: { width: gateWidth(label), height: GATE_HEIGHT },
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

// A variable's own shape says more than that of the handle which reads it.
function labelOf({ items }: GraphPicture, link: GraphLink): string {
  const source = items[link.source];
  if (source?.kind === "variable" && source.shape_known && source.total_members === 1) return dims(source.shape);
  if (link.tensors === 1) return link.shape_known ? dims(link.shape) : "";
  return link.tensors > 1 ? `${link.tensors} tensors` : "";
}
