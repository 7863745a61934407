// From what is laid out to a job of the layout engine, and from its outcome to places: pure, so that it can be tested.

import { inColumns } from "./columns";
import type { ElkOutcome } from "./outcome";
import {
  type Gate,
  gateNode,
  HEAD,
  idOf,
  lineId,
  MARGIN,
  MORE,
  type Placed,
  type Plan,
  type Point,
  type Size,
} from "./plan";

const MOST_LINES = 1500; // above, layers are enough: a layout of more takes seconds, and nobody follows its lines

const MOST_TIGHT = 90; // lines up to which the slower placement is tried: it is a fifth narrower
const MOST_IN_COLUMNS = 400; // lines, above which nothing is a chain

// How large a box is drawn when it fills a canvas of height 1.
export function scaleOf({ width, height }: Size, aspect: number): number {
  return Math.min(aspect / width, 1 / height);
}

const LEAST_GAIN = 1.25; // by which columns must be larger: one column is easier to follow
const MOST_LOSS = 0.95; // of the scale, for using the canvas
const LEAST_USED = 0.4; // of its width and height
const LONG = 560; // px: what is shorter stays one column

// Of a layout and of the same in columns the one that is drawn largest, or that uses the canvas where a thin one would
// leave it empty.
export function largest(made: Plan, outcome: ElkOutcome): Placed {
  const columns = made.lines.length <= MOST_IN_COLUMNS ? inColumns(made, outcome) : [];
  const all = [outcome, ...columns].map((one) => place(made, one));
  const plain = all[0]!;
  if ((made.isSideways ? plain.width : plain.height) < LONG) return plain;
  const scale = (one: Placed) => scaleOf(one, made.aspect);
  const isWhole = !made.gates.length; // and not a box within another
  if (isWhole && !usesCanvas(plain, made.aspect)) {
    const wider = all.find((one) => usesCanvas(one, made.aspect) && scale(one) >= scale(plain) * MOST_LOSS);
    if (wider) return wider;
  }
  return all.reduce((best, one) => (scale(one) > scale(best) * LEAST_GAIN ? one : best));
}

// Whether what fills a canvas in one direction takes a fair share of it in the other.
function usesCanvas(size: Size, aspect: number): boolean {
  const scale = scaleOf(size, aspect);
  return (size.width * scale) / aspect >= LEAST_USED && size.height * scale >= LEAST_USED;
}

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.cycleBreaking.strategy": "DEPTH_FIRST", // a line that is in no cycle never runs backward
  "elk.layered.spacing.nodeNodeBetweenLayers": "28",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
  "elk.spacing.nodeNode": "16",
  "elk.spacing.edgeNode": "12",
  "elk.spacing.edgeEdge": "8",
  "elk.spacing.componentComponent": "24",
  "elk.edgeRouting": "POLYLINE",
  "elk.padding": `[top=${HEAD + MARGIN},left=${MARGIN},bottom=${MARGIN},right=${MARGIN}]`,
};

export function isTooLong(made: Plan): boolean {
  return made.lines.length > MOST_LINES;
}

export function elkJob(made: Plan): object {
  const boxes = boxesOf(made);
  const sides = made.isSideways ? { in: "WEST", out: "EAST" } : { in: "SOUTH", out: "NORTH" };
  return {
    id: "root",
    // Gates move to the sides of the box: what hangs on them must not be stacked, for their lines would cross it.
    layoutOptions: {
      ...OPTIONS,
      "elk.layered.nodePlacement.strategy": made.lines.length > MOST_TIGHT ? "BRANDES_KOEPF" : "NETWORK_SIMPLEX",
      "elk.aspectRatio": String(made.aspect),
      "elk.separateConnectedComponents": String(!made.gates.length),
      ...(made.isSideways
        ? { "elk.direction": "RIGHT", "elk.layered.spacing.nodeNodeBetweenLayers": "64" }
        : { "elk.direction": "UP" }),
    },
    children: [
      ...made.nodes.map((node) => ({
        id: node.id,
        ...node.size,
        ...(node.gates.length > 0 && {
          layoutOptions: { "elk.portConstraints": "FIXED_POS" },
          ports: [
            ...node.gates.map((gate) => ({ ...gate, id: gateNode(gate.side, gate.id) })),
            ...middles(node.size, made.isSideways),
          ].map((gate) => ({
            id: lineId(node.id, gate.id),
            width: 0,
            height: 0,
            ...corner(gate, node.size, made.isSideways),
            layoutOptions: { "elk.port.side": sides[gate.side] },
          })),
        }),
      })),
      ...made.gates.map((gate) => ({
        id: gateNode(gate.side, gate.id),
        ...gate.size,
        layoutOptions: {
          "elk.layered.layering.layerConstraint": gate.side === "in" ? "FIRST_SEPARATE" : "LAST_SEPARATE",
        },
      })),
    ],
    edges: made.lines.map((line) => ({
      id: line.id,
      sources: [portOf(boxes, line.source, "out", line.target)],
      targets: [portOf(boxes, line.target, "in", line.source)],
    })),
  };
}

// The gate of an opened box that leads to what is at the other end of a line, if it has one.
function gateTo(boxes: Boxes, node: string, side: "in" | "out", other: string): { gate: Gate; size: Size } | undefined {
  const box = boxes.get(node);
  const of = (id: string) => box?.gates.find((one) => one.side === side && one.id === id);
  const gate = of(idOf(other)) ?? of(MORE);
  return box && gate && { gate, size: box.size };
}

// A line that ends within an opened box but has no gate (what it leads to is hidden there) ends in the middle of its side.
function portOf(boxes: Boxes, node: string, side: "in" | "out", other: string): string {
  const found = gateTo(boxes, node, side, other);
  if (found) return lineId(node, gateNode(side, found.gate.id));
  return boxes.get(node)?.gates.length ? lineId(node, side) : node;
}

function middles(size: Size, isSideways: boolean): { id: string; side: "in" | "out"; along: number }[] {
  const along = (isSideways ? size.height : size.width) / 2;
  return [
    { id: "in", side: "in", along },
    { id: "out", side: "out", along },
  ];
}

function corner(gate: Pick<Gate, "side" | "along">, size: Size, isSideways: boolean): Point {
  if (isSideways) return { x: gate.side === "in" ? 0 : size.width, y: gate.along };
  return { x: gate.along, y: gate.side === "in" ? size.height : 0 };
}

export function place(made: Plan, outcome: ElkOutcome): Placed {
  const at = new Map<string, Point>((outcome.children ?? []).map((child) => [child.id, { x: child.x, y: child.y }]));
  const size = placeLoose(made, outcome, at);
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
    gates.push({ id: gate.id, label: gate.label, side: gate.side, along, weights: gate.weights, others: gate.others });
  }
  const routes: Placed["routes"] = new Map();
  const boxes = boxesOf(made);
  const straight = (line: { source: string; target: string }) =>
    across(boxes, made.isSideways, at, line.source, line.target);
  const lines = new Map(made.lines.map((line) => [line.id, line]));
  const taken: Rectangle[] = [...made.nodes, ...made.loose].map(({ id, size }) => {
    const { x, y } = at.get(id)!;
    return [x, y, x + size.width, y + size.height];
  });
  for (const edge of outcome.edges ?? []) {
    const line = lines.get(edge.id)!;
    const led = (edge.sections ?? []).map(({ startPoint, bendPoints, endPoint }) => [
      startPoint,
      ...(bendPoints ?? []),
      endPoint,
    ]);
    const pieces = led.length ? led : [straight(line)]; // a line that the engine has not led is never left out
    const [first, last] = [moves.get(line.source), moves.get(line.target)];
    if (led.length && first) pieces[0]![0] = sum(pieces[0]![0]!, first);
    if (led.length && last) pieces.at(-1)!.push(sum(pieces.at(-1)!.pop()!, last));
    routes.set(edge.id, {
      pieces,
      label: line.label ? free(middleOf(pieces), line.label, taken) : null,
      kind: "line",
    });
    for (const id of line.also) routes.set(id, { pieces, label: null, kind: "line" });
  }
  for (const line of made.overlays) routes.set(line.id, { pieces: [straight(line)], label: null, kind: "overlay" });
  for (const line of made.references) routes.set(line.id, { pieces: [straight(line)], label: null, kind: "reference" });
  const sizes = new Map([...made.nodes, ...made.loose].map((node) => [node.id, node.size]));
  return { ...size, gates, at, sizes, referencesOf: made.referencesOf, routes, turns: outcome.turns ?? [] };
}

const sum = (a: Point, b: Point): Point => ({ x: a.x + b.x, y: a.y + b.y });

const GAP = 14;

// Puts what no line leads to in rows, at the right of the others or below them: wherever all is drawn larger.
function placeLoose(made: Plan, linked: ElkOutcome, at: Map<string, Point>): Size {
  const taken = linked.children?.length
    ? { width: Math.ceil(linked.width), height: Math.ceil(linked.height) }
    : { width: 0, height: 0 };
  if (!made.loose.length) return taken;
  const beside = [0.4, 0.7, 1].map((share) => {
    const area = made.loose.reduce((sum, { size }) => sum + (size.width + GAP) * (size.height + GAP), 0);
    const height = Math.max(taken.height, Math.sqrt(area / made.aspect) + HEAD) * share;
    return rows(made.loose, { x: taken.width || MARGIN, y: HEAD + MARGIN }, area / Math.max(1, height - HEAD), taken);
  });
  // Gates stand at the lower side of a scope: nothing is put below the lines that lead to them.
  const isFree = !made.gates.length || made.isSideways;
  const below = rows(made.loose, { x: MARGIN, y: taken.height || HEAD + MARGIN }, taken.width - 2 * MARGIN, taken);
  const choices = isFree && taken.height ? [...beside, below] : beside;
  const best = choices.reduce((a, b) => (scaleOf(b.size, made.aspect) > scaleOf(a.size, made.aspect) ? b : a));
  best.at.forEach((point, id) => at.set(id, point));
  return best.size;
}

// Boxes in rows of a width, from a corner on; returns where they come to lie and the size of all.
function rows(boxes: Plan["loose"], start: Point, room: number, taken: Size): { at: Map<string, Point>; size: Size } {
  const at = new Map<string, Point>();
  const most = start.x + Math.max(room * 1.05, ...boxes.map((box) => box.size.width));
  const next = { ...start };
  let [right, bottom] = [0, start.y];
  for (const { id, size } of boxes) {
    if (next.x > start.x && next.x + size.width > most) [next.x, next.y] = [start.x, bottom + GAP];
    at.set(id, { ...next });
    right = Math.max(right, next.x + size.width);
    bottom = Math.max(bottom, next.y + size.height);
    next.x += size.width + GAP;
  }
  return {
    at,
    size: { width: Math.max(taken.width, right + MARGIN), height: Math.max(taken.height, bottom + MARGIN) },
  };
}

// Whatever a line may end at, by its id; a gate of the scope itself has none of its own.
export type Boxes = Map<string, { size: Size; gates: Gate[] }>;

export function boxesOf(made: Plan): Boxes {
  const gates = made.gates.map(({ side, id, size }) => ({ id: gateNode(side, id), size, gates: [] }));
  return new Map([...made.nodes, ...made.loose, ...gates].map((box) => [box.id, box]));
}

type Rectangle = [left: number, top: number, right: number, bottom: number];

// A label that would cover a box or another label is left out: its line still shows it when it is pointed at.
function free(at: Point | null, text: string, taken: Rectangle[]): Point | null {
  if (!at) return null;
  const half = text.length * 3.3 + 3; // with the ground that it is drawn on
  const own: Rectangle = [at.x - half, at.y - 7, at.x + half, at.y + 7];
  if (taken.some(([left, top, right, bottom]) => own[0] < right && own[2] > left && own[1] < bottom && own[3] > top))
    return null;
  taken.push(own);
  return at;
}

// Labels stand on their lines, in the middle of the longest stretch: layers of their own would double the height.
function middleOf(pieces: Point[][]): Point | null {
  let best: { length: number; x: number; y: number } | null = null;
  for (const [from, to] of pieces.flatMap((points) =>
    points.slice(1).map((to, index) => [points[index]!, to] as const),
  )) {
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (!best || length > best.length) best = { length, x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  }
  return best;
}

// A line that no layout has led: from gate to gate, or from the side of one to the side of the other that faces it.
export function across(
  boxes: Boxes,
  isSideways: boolean,
  at: Map<string, Point>,
  source: string,
  target: string,
): Point[] {
  const middle = (id: string, sign: number): Point => {
    const [where, size] = [at.get(id)!, boxes.get(id)!.size];
    if (isSideways) return { x: where.x + (sign > 0 ? size.width : 0), y: where.y + size.height / 2 };
    return { x: where.x + size.width / 2, y: where.y + (sign > 0 ? 0 : size.height) };
  };
  const isForward = isSideways ? at.get(source)!.x <= at.get(target)!.x : at.get(source)!.y >= at.get(target)!.y;
  const end = (id: string, side: "in" | "out", other: string, sign: number): Point => {
    const found = gateTo(boxes, id, side, other);
    if (!found) return middle(id, sign);
    const [where, along] = [at.get(id)!, corner(found.gate, found.size, isSideways)];
    return { x: where.x + along.x, y: where.y + along.y };
  };
  return [end(source, "out", target, isForward ? 1 : -1), end(target, "in", source, isForward ? -1 : 1)];
}
