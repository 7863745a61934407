// From the picture of one opened scope to a layout job, and from its outcome to places: pure, so that it can be tested.

import { cut, plural, printable } from "../format";
import type { GraphItem, GraphLink, GraphPicture } from "../schema";

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
  id: string; // of what is outside
  label: string;
  side: "in" | "out";
  along: number;
  weights: boolean; // whether nothing but variables comes through
}

export interface Box extends Size {
  gates: Gate[];
}

export interface Plan {
  scope: string;
  isSideways: boolean;
  nodes: { id: string; size: Size; gates: Gate[] }[];
  gates: { id: string; label: string; side: "in" | "out"; weights: boolean; size: Size }[];
  lines: { id: string; source: string; target: string; label: string }[]; // laid out
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
const MOST_GATES = 24;
const MOST_LINES = 1500; // above, layers are enough: a layout of more takes seconds, and nobody follows its lines

export function title(item: GraphItem): string {
  return cut(printable(item.label), MOST_LETTERS);
}

export function subtitle(item: GraphItem): string {
  if (item.kind === "variable") return item.shape_known ? dims(item.shape) : "";
  if (item.kind === "scope" || item.kind === "group") return plural(item.ops, "op");
  const [constant] = item.constants;
  if (constant) return item.total_constants > 1 ? `${item.total_constants} constants` : cut(constant.preview.join(" ") || dims(constant.shape), 12);
  return item.label === item.type ? "" : cut(item.type, 20);
}

export function sizeOf(item: GraphItem): Size {
  const letters = Math.max(Array.from(title(item)).length + (item.total_members > 1 ? 4 : 0), Array.from(subtitle(item)).length * 0.85);
  return { width: Math.round(Math.max(54, letters * LETTER + (item.can_open ? 36 : 24))), height: subtitle(item) ? 36 : 24 };
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

function idOf(key: string): string {
  return key.slice(key.indexOf(":") + 1);
}

// What is drawn in place of a picture, and how its links are: laid out, or drawn over.
export function plan(picture: GraphPicture, opened: Map<string, Box>, isSideways: boolean): Plan {
  const items = picture.items.filter((item) => item.aside === null);
  const inPlace = new Set(items.map((item) => item.id));
  const name = (index: number) => (index < picture.items.length ? picture.items[index]! : picture.outside[index - picture.items.length]!);
  const isOutside = (index: number) => index >= picture.items.length;
  const kept = picture.links.filter((link) =>
    [link.source, link.target].every((end) => (isOutside(end) ? picture.outside[end - picture.items.length]!.aside === null : inPlace.has(name(end).id))),
  );
  const gates = gatesOf(picture, kept);
  const fans = new Map<number, number>();
  for (const link of kept) if (link.weights === link.data) fans.set(link.source, (fans.get(link.source) ?? 0) + 1);
  const made: Plan = { scope: picture.scope, isSideways, nodes: [], gates: [...gates.values()], lines: [], overlays: [] };
  for (const item of items) {
    const box = opened.get(item.id);
    made.nodes.push({ id: itemNode(item.id), size: box ?? sizeOf(item), gates: box?.gates ?? [] });
  }
  for (const link of kept) {
    const [source, target] = [end(link.source, "in"), end(link.target, "out")];
    if (!source || !target) continue;
    const line = { id: lineId(name(link.source).id, name(link.target).id), source, target };
    const isFan = link.weights === link.data && (isOutside(link.source) || (fans.get(link.source) ?? 0) > FAN);
    if (link.data === 0 || isFan || link.writes === link.data) made.overlays.push(line);
    else made.lines.push({ ...line, label: labelOf(link) });
  }
  if (made.lines.length > MOST_LABELS) made.lines.forEach((line) => (line.label = ""));
  return made;

  function end(index: number, side: "in" | "out"): string | undefined {
    const { id } = name(index);
    if (!isOutside(index)) return itemNode(id);
    return gates.has(gateNode(side, id)) ? gateNode(side, id) : undefined;
  }
}

function gatesOf(picture: GraphPicture, links: GraphLink[]): Map<string, Plan["gates"][number]> {
  const found = new Map<string, Plan["gates"][number] & { edges: number }>();
  const first = picture.items.length;
  for (const link of links) {
    for (const [index, side] of [[link.source, "in"], [link.target, "out"]] as const) {
      if (index < first) continue;
      const outside = picture.outside[index - first]!;
      const key = gateNode(side, outside.id);
      const gate = found.get(key);
      const weights = link.data > 0 && link.weights === link.data;
      const label = cut(printable(outside.label), 18);
      if (gate) (gate.edges += link.data + link.control), (gate.weights &&= weights);
      else found.set(key, { id: outside.id, label, side, weights, edges: link.data + link.control, size: { width: Math.round(label.length * 6 + 14), height: 16 } });
    }
  }
  const most = [...found.entries()].sort(([, a], [, b]) => b.edges - a.edges).slice(0, MOST_GATES);
  return new Map(most.map(([key, { id, label, side, weights, size }]) => [key, { id, label, side, weights, size }]));
}

function labelOf(link: GraphLink): string {
  if (link.tensors === 1) return link.shape_known ? dims(link.shape) : "";
  return link.tensors > 1 ? `${link.tensors} tensors` : "";
}

interface ElkPlace extends Point, Size {
  id: string;
}

export interface ElkOutcome extends Size {
  children?: ElkPlace[];
  edges?: { id: string; sections?: { startPoint: Point; endPoint: Point; bendPoints?: Point[] }[] }[];
}

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.spacing.nodeNodeBetweenLayers": "32",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
  "elk.spacing.nodeNode": "18",
  "elk.spacing.edgeNode": "12",
  "elk.spacing.edgeEdge": "8",
  "elk.spacing.componentComponent": "24",
  "elk.edgeRouting": "POLYLINE",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.padding": `[top=${HEAD + MARGIN},left=${MARGIN},bottom=${MARGIN},right=${MARGIN}]`,
};

export function elkJob(made: Plan): object {
  const sides = made.isSideways ? { in: "WEST", out: "EAST" } : { in: "SOUTH", out: "NORTH" };
  return {
    id: "root",
    layoutOptions: { ...OPTIONS, ...(made.isSideways ? { "elk.direction": "RIGHT", "elk.layered.spacing.nodeNodeBetweenLayers": "64" } : { "elk.direction": "UP" }) },
    children: [
      ...made.nodes.map((node) => ({
        id: node.id, ...node.size,
        ...(node.gates.length > 0 && {
          layoutOptions: { "elk.portConstraints": "FIXED_POS" },
          ports: node.gates.map((gate) => ({
            id: lineId(node.id, gateNode(gate.side, gate.id)), width: 0, height: 0, ...corner(gate, node.size, made.isSideways),
            layoutOptions: { "elk.port.side": sides[gate.side] },
          })),
        }),
      })),
      ...made.gates.map((gate) => ({
        id: gateNode(gate.side, gate.id), ...gate.size,
        layoutOptions: { "elk.layered.layering.layerConstraint": gate.side === "in" ? "FIRST_SEPARATE" : "LAST_SEPARATE" },
      })),
    ],
    edges: made.lines.map((line) => ({
      id: line.id, sources: [portOf(made, line.source, "out", line.target)], targets: [portOf(made, line.target, "in", line.source)],
    })),
  };
}

// The gate of an opened box that leads to what is at the other end of a line; the box itself where it has none.
function portOf(made: Plan, node: string, side: "in" | "out", other: string): string {
  const outside = idOf(other);
  const gate = made.nodes.find((one) => one.id === node)?.gates.find((one) => one.side === side && one.id === outside);
  return gate ? lineId(node, gateNode(side, outside)) : node;
}

function corner(gate: Gate, size: Size, isSideways: boolean): Point {
  if (isSideways) return { x: gate.side === "in" ? 0 : size.width, y: gate.along };
  return { x: gate.along, y: gate.side === "in" ? size.height : 0 };
}

export function place(made: Plan, outcome: ElkOutcome): Placed {
  const at = new Map<string, Point>((outcome.children ?? []).map((child) => [child.id, { x: child.x, y: child.y }]));
  const size = { width: Math.ceil(outcome.width), height: Math.ceil(outcome.height) };
  const gates: Gate[] = [];
  const moves = new Map<string, Point>();
  for (const gate of made.gates) {
    const key = gateNode(gate.side, gate.id);
    const where = at.get(key)!;
    // A gate stands at the side of the box, wherever its layer came to lie; its lines follow.
    const before = { ...where };
    if (made.isSideways) where.x = gate.side === "in" ? 3 : size.width - gate.size.width - 3;
    else where.y = gate.side === "in" ? size.height - gate.size.height - 3 : HEAD - 1;
    moves.set(key, { x: where.x - before.x, y: where.y - before.y });
    const along = made.isSideways ? where.y + gate.size.height / 2 : where.x + gate.size.width / 2;
    gates.push({ id: gate.id, label: gate.label, side: gate.side, along, weights: gate.weights });
  }
  const routes: Placed["routes"] = new Map();
  const lines = new Map(made.lines.map((line) => [line.id, line]));
  const taken: Rectangle[] = [];
  for (const edge of outcome.edges ?? []) {
    const line = lines.get(edge.id)!;
    const led = (edge.sections ?? []).flatMap((section) => [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]);
    const isLed = led.length > 1; // a line that the engine has not led is drawn straight, and never left out
    const points = isLed ? led : across(made, at, line.source, line.target);
    const [first, last] = [moves.get(line.source), moves.get(line.target)];
    if (isLed && first) points[0] = { x: points[0]!.x + first.x, y: points[0]!.y + first.y };
    if (isLed && last) points.push({ x: points.at(-1)!.x + last.x, y: points.pop()!.y + last.y });
    routes.set(edge.id, { points, label: line.label ? free(middleOf(points), line.label, taken) : null, isOverlay: false });
  }
  for (const line of made.overlays) routes.set(line.id, { points: across(made, at, line.source, line.target), label: null, isOverlay: true });
  return { ...size, gates, at, routes };
}

type Rectangle = [left: number, top: number, right: number, bottom: number];

// A label that would cover another is left out: its line still tells it when it is pointed at.
function free(at: Point | null, text: string, taken: Rectangle[]): Point | null {
  if (!at) return null;
  const half = text.length * 2.8 + 2;
  const own: Rectangle = [at.x - half, at.y - 6, at.x + half, at.y + 6];
  if (taken.some(([left, top, right, bottom]) => own[0] < right && own[2] > left && own[1] < bottom && own[3] > top)) return null;
  taken.push(own);
  return at;
}

// Labels stand on their lines, in the middle of the longest stretch: layers of their own would double the height.
function middleOf(points: Point[]): Point | null {
  let best: { length: number; x: number; y: number } | null = null;
  for (let index = 1; index < points.length; index += 1) {
    const [from, to] = [points[index - 1]!, points[index]!];
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (!best || length > best.length) best = { length, x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  }
  return best;
}

// A line that no layout has led: from the side of one to the side of the other that faces it.
function across(made: Plan, at: Map<string, Point>, source: string, target: string): Point[] {
  const sizes = new Map<string, Size>([
    ...made.nodes.map((node) => [node.id, node.size] as const), ...made.gates.map((gate) => [gateNode(gate.side, gate.id), gate.size] as const),
  ]);
  const middle = (id: string, sign: number): Point => {
    const [where, size] = [at.get(id)!, sizes.get(id)!];
    if (made.isSideways) return { x: where.x + (sign > 0 ? size.width : 0), y: where.y + size.height / 2 };
    return { x: where.x + size.width / 2, y: where.y + (sign > 0 ? 0 : size.height) };
  };
  const isForward = made.isSideways ? at.get(source)!.x <= at.get(target)!.x : at.get(source)!.y >= at.get(target)!.y;
  return [middle(source, isForward ? 1 : -1), middle(target, isForward ? -1 : 1)];
}

// A layout without a layout engine, for what is too large for one or waits too long: layers by the longest way from an input.
export function isTooLong(made: Plan): boolean {
  return made.lines.length > MOST_LINES;
}

export function fallback(made: Plan): ElkOutcome {
  const layer = layers(made);
  const rows = new Map<number, string[]>();
  const sizes = new Map<string, Size>([
    ...made.nodes.map((node) => [node.id, node.size] as const), ...made.gates.map((gate) => [gateNode(gate.side, gate.id), gate.size] as const),
  ]);
  for (const id of sizes.keys()) rows.set(layer.get(id) ?? 0, [...(rows.get(layer.get(id) ?? 0) ?? []), id]);
  const children: ElkPlace[] = [];
  let depth = HEAD + MARGIN;
  let widest = 0;
  const order = [...rows.keys()].sort((a, b) => (made.isSideways ? a - b : b - a));
  for (const key of order) {
    let along = made.isSideways ? HEAD + MARGIN : MARGIN;
    let thick = 0;
    if (made.isSideways && depth === HEAD + MARGIN) depth = MARGIN;
    for (const id of rows.get(key)!) {
      const size = sizes.get(id)!;
      const [length, height] = made.isSideways ? [size.height, size.width] : [size.width, size.height];
      if (along > MARGIN && along + length > 2400) [along, depth, thick] = [made.isSideways ? HEAD + MARGIN : MARGIN, depth + thick + 14, 0];
      children.push({ id, ...size, x: made.isSideways ? depth : along, y: made.isSideways ? along : depth });
      along += length + 18;
      thick = Math.max(thick, height);
      widest = Math.max(widest, along);
    }
    depth += thick + 30;
  }
  const [width, height] = made.isSideways ? [depth, widest + MARGIN] : [widest + MARGIN, depth];
  const at = new Map<string, Point>(children.map((child) => [child.id, child]));
  const edges = made.lines.map((line) => {
    const [startPoint, endPoint] = across(made, at, line.source, line.target) as [Point, Point];
    return { id: line.id, sections: [{ startPoint, endPoint }] };
  });
  return { width, height, children, edges };
}

function layers(made: Plan): Map<string, number> {
  const waiting = new Map<string, number>();
  const after = new Map<string, string[]>();
  for (const line of made.lines) {
    waiting.set(line.target, (waiting.get(line.target) ?? 0) + 1);
    after.set(line.source, [...(after.get(line.source) ?? []), line.target]);
  }
  const found = new Map<string, number>();
  const all = [...made.nodes.map((node) => node.id), ...made.gates.map((gate) => gateNode(gate.side, gate.id))];
  const queue = all.filter((id) => !waiting.get(id));
  queue.forEach((id) => found.set(id, 0));
  for (let index = 0; index < queue.length; index += 1) {
    const id = queue[index]!;
    for (const next of after.get(id) ?? []) {
      found.set(next, Math.max(found.get(next) ?? 0, found.get(id)! + 1));
      waiting.set(next, waiting.get(next)! - 1);
      if (waiting.get(next) === 0) queue.push(next);
    }
  }
  const last = Math.max(0, ...found.values());
  for (const gate of made.gates) if (gate.side === "out") found.set(gateNode("out", gate.id), last + 1);
  return found;
}
