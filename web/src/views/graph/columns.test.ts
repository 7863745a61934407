import { describe, expect, it } from "vitest";
import { inColumns } from "./columns";
import { fallback } from "./fallback";
import { largest } from "./layout";
import { type Gate, gateNode, itemNode, lineId, type Plan } from "./plan";

const size = { width: 90, height: 37 };
const NONE: Gate[] = [];

// A chain of boxes, with lines more between some of them.
function chain(length: number, change: Partial<Plan> = {}, more: [number, number][] = []): Plan {
  const key = (index: number) => itemNode(`n${index}`);
  const links = [...Array.from({ length: length - 1 }, (_, index) => [index, index + 1] as const), ...more];
  return {
    scope: "",
    isSideways: false,
    aspect: 1.25,
    nodes: Array.from({ length }, (_, index) => ({ id: key(index), label: `n${index}`, size, gates: NONE })),
    loose: [],
    gates: [],
    lines: links.map(([a, b]) => ({
      id: lineId(`n${a}`, `n${b}`),
      source: key(a),
      target: key(b),
      label: "",
      also: [],
    })),
    overlays: [],
    references: [],
    referencesOf: new Map(),
    ...change,
  };
}

describe("columns", () => {
  it.each([false, true])("cut a long chain, with marks at both ends of what is cut (sideways: %s)", (isSideways) => {
    const made = chain(40, { isSideways, aspect: isSideways ? 0.8 : 1.25 });
    const placed = largest(made, fallback(made));
    const back = placed.turns.filter((turn) => turn.side === "from");
    expect(back.length).toBeGreaterThan(1);
    expect(placed.turns.filter((turn) => turn.side === "to")).toHaveLength(back.length);
    for (const { pieces } of placed.routes.values())
      for (const points of pieces)
        points.slice(1).forEach((point, index) => {
          const before = points[index]!;
          if (isSideways) expect(point.x).toBeGreaterThanOrEqual(before.x);
          else expect(point.y).toBeLessThanOrEqual(before.y);
        });
    const boxes = [...placed.at].map(([id, at]) => ({ id, ...at, ...size }));
    for (const box of [...boxes, ...placed.turns.map((turn) => ({ ...turn, width: 1, height: 16 }))]) {
      expect(Math.min(box.x, box.y)).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(placed.width);
      expect(box.y + box.height).toBeLessThanOrEqual(placed.height);
    }
    const isApart = (a: (typeof boxes)[number], b: (typeof boxes)[number]) =>
      a === b || a.x + 90 <= b.x || b.x + 90 <= a.x || a.y + 37 <= b.y || b.y + 37 <= a.y;
    expect(boxes.every((a) => boxes.every((b) => isApart(a, b)))).toBe(true);
  });
  it("name the other end, and end where its line does", () => {
    const made = chain(12);
    const [two] = inColumns(made, fallback(made));
    const cut = two!.edges!.filter((edge) => edge.sections!.length === 2);
    expect(cut.map((edge) => edge.id)).toEqual([lineId("n5", "n6")]);
    expect(two!.turns!.map((turn) => [turn.side, turn.label])).toEqual([
      ["to", "n6"],
      ["from", "n5"],
    ]);
    const [to, from] = two!.turns!;
    expect(cut[0]!.sections![0]!.endPoint.y).toBeCloseTo(to!.y + 16);
    expect(cut[0]!.sections![1]!.startPoint.y).toBeCloseTo(from!.y);
    expect(cut[0]!.sections![0]!.endPoint.y).toBeLessThan(cut[0]!.sections![0]!.startPoint.y);
  });
  it("are not made of a tangle, against the flow, or of what is short", () => {
    const every: [number, number][] = Array.from({ length: 8 }, (_, index) => [index, 39 - index]);
    const tangle = chain(40, {}, every);
    expect(inColumns(tangle, fallback(tangle)).flatMap((one) => one.turns!.length)).not.toContain(16);
    const ring = chain(40, {}, [[39, 0]]);
    const lines = ring.lines.slice(0, -1);
    expect(inColumns(ring, fallback({ ...ring, lines }))).toEqual([]);
    const short = chain(6);
    expect(largest(short, fallback(short)).turns).toEqual([]);
  });
  it("begin above the gates of a scope and end below them", () => {
    const gate = (id: string, side: "in" | "out") => ({
      id,
      side,
      label: id,
      weights: false,
      others: [],
      size: { width: 40, height: 16 },
    });
    const made = chain(30, { gates: [gate("x", "in"), gate("y", "out")] });
    made.lines.push(
      { id: "in", source: gateNode("in", "x"), target: itemNode("n0"), label: "", also: [] },
      { id: "out", source: itemNode("n29"), target: gateNode("out", "y"), label: "", also: [] },
    );
    const placed = largest(made, fallback(made));
    expect(placed.turns.length).toBeGreaterThan(0);
    const [first, last] = [placed.at.get(gateNode("in", "x"))!, placed.at.get(gateNode("out", "y"))!];
    for (const [id, at] of placed.at)
      if (id.startsWith("item")) {
        expect(at.y + 37).toBeLessThan(first.y);
        expect(at.y).toBeGreaterThan(last.y);
      }
  });
});
