// A long chain in columns, as a text is: each column goes on where the one before ends. Lines between columns are cut, and
// a mark at both ends says where they go on, so that every line runs in one direction.

import type { ElkOutcome, ElkPlace } from "./outcome";
import { GATE_HEIGHT, gateNode, gateWidth, type Plan, type Point, type Turn } from "./plan";

const MOST_COLUMNS = 5;
const MOST_CUT = 2; // lines from one column to later ones: more are no chain
const COST = 40; // px that a column may be longer, so that one line fewer is cut
const LEAST_SHARE = 0.4; // of the longest column: a shorter one is no column
const GUTTER = 40; // px between columns
const LEAD = 10; // px of a line between a mark and its column
const APART = 6; // px between marks

// Along and across the flow: upward, or to the right.
interface Place {
  along: number;
  across: number;
}
interface Span {
  low: number; // along
  high: number;
  left: number; // across
  right: number;
}
interface Mark extends Place {
  side: Turn["side"];
  label: string;
  other: string;
  deep: number; // px along; `along` is where its line ends
  wide: number; // px across
}
interface Column {
  from: number; // along, in the layout that is cut
  to: number;
  pieces: Piece[];
}
interface Cut {
  at: number;
  cost: number;
}
interface Piece {
  line: string;
  places: Place[];
  mark: Mark | null;
}
interface Flow {
  isSideways: boolean;
  boxes: Map<string, Span>;
  labels: Map<string, string>;
  routes: Map<string, Place[]>;
}

// The same layout in two columns, in three and so on, as far as it can be cut.
export function inColumns(made: Plan, plain: ElkOutcome): ElkOutcome[] {
  if (!plain.children?.length || plain.edges?.some((edge) => edge.sections?.length !== 1)) return [];
  const flow = flowOf(made, plain);
  const cuts = cutsOf(flow, made.lines);
  const found: ElkOutcome[] = [];
  for (let count = 2; count <= Math.min(MOST_COLUMNS, cuts.length + 1); count += 1) {
    const columns = evenly(flow, cuts, count);
    if (!columns) continue;
    for (const line of made.lines) cutLine(flow, line, columns);
    columns.forEach(spread);
    found.push(set(flow, plain, columns));
  }
  return found;
}

function flowOf({ isSideways, nodes, gates }: Plan, plain: ElkOutcome): Flow {
  const place = ({ x, y }: Point): Place => (isSideways ? { along: x, across: y } : { along: -y, across: x });
  const span = ({ x, y, width, height }: ElkPlace): Span =>
    isSideways
      ? { low: x, high: x + width, left: y, right: y + height }
      : { low: -y - height, high: -y, left: x, right: x + width };
  const points = plain.edges?.map(({ id, sections }) => {
    const { startPoint, bendPoints, endPoint } = sections![0]!;
    return [id, [startPoint, ...(bendPoints ?? []), endPoint].map(place)] as const;
  });
  return {
    isSideways,
    boxes: new Map(plain.children!.map((child) => [child.id, span(child)])),
    labels: new Map([
      ...nodes.map(({ id, label }) => [id, label] as const),
      ...gates.map(({ side, id, label }) => [gateNode(side, id), label] as const),
    ]),
    routes: new Map(points),
  };
}

// Places between two layers that hardly any line crosses, and none against the flow.
function cutsOf({ boxes }: Flow, lines: Plan["lines"]): Cut[] {
  const cuts: Cut[] = [];
  const isBefore = (id: string, cut: number) => boxes.get(id)!.high < cut;
  const order = [...boxes.values()].sort((a, b) => a.low - b.low);
  let high = order[0]!.high;
  for (const { low, high: end } of order) {
    const at = (high + low) / 2;
    const cut = lines.filter(({ source, target }) => isBefore(source, at) !== isBefore(target, at));
    if (low > high && cut.length <= MOST_CUT && cut.every(({ source }) => isBefore(source, at)))
      cuts.push({ at, cost: cut.length * COST });
    high = Math.max(high, end);
  }
  return cuts;
}

// The columns whose longest is short and between which few lines are cut; null if one is too short for a column.
function evenly({ boxes }: Flow, cuts: Cut[], count: number): Column[] | null {
  const spans = [...boxes.values()];
  const [first, last] = [Math.min(...spans.map(({ low }) => low)), Math.max(...spans.map(({ high }) => high))];
  const stops = [...cuts, { at: last, cost: 0 }];
  const none = { longest: Infinity, cost: 0, ends: [] as number[] };
  let best = stops.map(({ at, cost }) => ({ longest: at - first, cost, ends: [at] }));
  for (let column = 2; column <= count; column += 1)
    best = stops.map(({ at, cost }, index) =>
      best.slice(0, index).reduce((found, before) => {
        const longest = Math.max(before.longest, at - (before.ends.at(-1) ?? first));
        const next = { longest, cost: before.cost + cost, ends: [...before.ends, at] };
        return next.longest + next.cost < found.longest + found.cost ? next : found;
      }, none),
    );
  const { longest, ends } = best.at(-1)!;
  const columns = ends.map((to, index) => ({ from: ends[index - 1] ?? first, to, pieces: [] }));
  const isEven = columns.every(({ from, to }) => to - from >= longest * LEAST_SHARE);
  return columns.length === count && isEven ? columns : null;
}

function columnOf(columns: Column[], { high }: Span): Column {
  return columns.find(({ to }) => high <= to)!;
}

// Gives the columns the pieces of a line: one, or one in the column of each end, up to a mark there.
function cutLine({ isSideways, boxes, labels, routes }: Flow, line: Plan["lines"][number], columns: Column[]): void {
  const places = routes.get(line.id)!;
  const [from, to] = [line.source, line.target].map((id) => columnOf(columns, boxes.get(id)!)) as [Column, Column];
  if (from === to) {
    from.pieces.push({ line: line.id, places, mark: null });
    return;
  }
  const mark = (side: Turn["side"], other: string, along: number, { across }: Place): Mark => {
    const [label, length] = [labels.get(other)!, gateWidth(`${side} ${labels.get(other)!}`)];
    const [deep, wide] = isSideways ? [length, GATE_HEIGHT] : [GATE_HEIGHT, length];
    return { side, label, other, along, across, deep, wide };
  };
  const [end, start] = [crossing(places, from.to), crossing(places, to.from)];
  from.pieces.push({
    line: line.id,
    places: [...places.filter(({ along }) => along < from.to), end],
    mark: mark("to", line.target, from.to + LEAD, end),
  });
  to.pieces.push({
    line: line.id,
    places: [start, ...places.filter(({ along }) => along > to.from)],
    mark: mark("from", line.source, to.from - LEAD, start),
  });
}

// Where a way from low to high is at a place along.
function crossing(places: Place[], along: number): Place {
  const next = Math.max(
    1,
    places.findIndex((place) => place.along >= along),
  );
  const [a, b] = [places[next - 1]!, places[next]!];
  const share = b.along > a.along ? (along - a.along) / (b.along - a.along) : 0;
  return { along, across: a.across + (b.across - a.across) * share };
}

const marksOf = ({ pieces }: Column, side: Turn["side"]) =>
  pieces.flatMap(({ mark }) => (mark?.side === side ? [mark] : []));

// Marks at one end of a column stand beside each other.
function spread(column: Column): void {
  for (const side of ["to", "from"] as const) {
    const marks = marksOf(column, side).sort((a, b) => a.across - b.across);
    const meant = marks.reduce((sum, mark) => sum + mark.across, 0);
    marks.slice(1).forEach((mark, index) => {
      const before = marks[index]!;
      mark.across = Math.max(mark.across, before.across + (before.wide + mark.wide) / 2 + APART);
    });
    const drift = (marks.reduce((sum, mark) => sum + mark.across, 0) - meant) / Math.max(1, marks.length);
    for (const mark of marks) mark.across -= drift; // as far to the left as to the right
  }
}

// Puts columns beside each other, from one line on.
function set({ isSideways, boxes }: Flow, plain: ElkOutcome, columns: Column[]): ElkOutcome {
  const before = (column: Column) => roomFor(marksOf(column, "from"));
  const base = columns[0]!.from;
  const lengths = columns.map((one) => before(one) + one.to - one.from + roomFor(marksOf(one, "to")));
  const shorter = columns.at(-1)!.to - base - Math.max(...lengths);
  const margin = Math.min(...[...boxes.values()].map(({ left }) => left));
  const shifts = new Map<Column, Place>();
  let across = margin;
  for (const column of columns) {
    const [left, right] = sidesOf(column, columns, boxes);
    shifts.set(column, { along: base - column.from + before(column), across: across - left });
    across += right - left + GUTTER;
  }
  const moved = (place: Place, column: Column): Point => {
    const shift = shifts.get(column)!;
    const [along, side] = [place.along + shift.along, place.across + shift.across];
    return isSideways ? { x: along, y: side } : { x: side, y: -along - shorter };
  };
  const corner = ({ low, high, left }: Span): Place => ({ along: isSideways ? low : high, across: left });
  const pieces = columns.flatMap((column) => column.pieces.map((piece) => ({ ...piece, column })));
  const wide = across - GUTTER + margin;
  return {
    ...(isSideways ? { width: plain.width - shorter, height: wide } : { width: wide, height: plain.height - shorter }),
    children: plain.children!.map((child) => {
      const box = boxes.get(child.id)!;
      return { ...child, ...moved(corner(box), columnOf(columns, box)) };
    }),
    edges: (plain.edges ?? []).map(({ id }) => ({
      id,
      sections: pieces
        .filter(({ line }) => line === id)
        .map((piece) => {
          const points = ending(piece).map((place) => moved(place, piece.column));
          return { startPoint: points[0]!, bendPoints: points.slice(1, -1), endPoint: points.at(-1)! };
        }),
    })),
    turns: pieces.flatMap(({ mark, column }) => {
      if (!mark) return [];
      const { side, label, other } = mark;
      const low = side === "to" ? mark.along : mark.along - mark.deep;
      const [left, right] = [mark.across - mark.wide / 2, mark.across + mark.wide / 2];
      return [{ side, label, other, ...moved(corner({ low, high: low + mark.deep, left, right }), column) }];
    }),
  };
}

const roomFor = (marks: Mark[]) => (marks.length ? LEAD + Math.max(...marks.map(({ deep }) => deep)) : 0);

// A piece of a line up to its mark.
function ending({ places, mark }: Piece): Place[] {
  if (!mark) return places;
  return mark.side === "to" ? [...places, mark] : [mark, ...places];
}

function sidesOf(column: Column, columns: Column[], boxes: Map<string, Span>): [left: number, right: number] {
  const held = [...boxes.values()].filter((box) => columnOf(columns, box) === column);
  const marks = column.pieces.flatMap(({ mark }) => mark ?? []);
  const bends = column.pieces.flatMap(({ places }) => places.map(({ across }) => across));
  return [
    Math.min(...held.map(({ left }) => left), ...bends, ...marks.map((one) => one.across - one.wide / 2)),
    Math.max(...held.map(({ right }) => right), ...bends, ...marks.map((one) => one.across + one.wide / 2)),
  ];
}
