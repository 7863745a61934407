import { describe, expect, it } from "vitest";
import type { GraphItem, GraphLink, GraphPicture } from "../../lib/schema";
import { legendOf } from "./coloring";
import type { DrawnItem } from "./store";
import { fallback } from "./fallback";
import { elkJob, place } from "./layout";
import { gateNode, itemNode, lineId, plan, type Placed } from "./plan";

const item = (id: string, change: Partial<GraphItem> = {}): GraphItem => ({
  id,
  kind: "op",
  group: "",
  path: id,
  label: id,
  can_open: false,
  ops: 1,
  members: [],
  total_members: 1,
  type: "Relu",
  types: { Relu: 1 },
  role: "forward",
  roles: { forward: 1 },
  hidden_by: null,
  devices: [""],
  structure: "",
  dtype: "float32",
  shape: null,
  shape_known: false,
  uses: 0,
  call_sites: [],
  shared: 0,
  variables: 0,
  parameters: 0,
  slots: 0,
  trainable: null,
  collections: [],
  constants: [],
  total_constants: 0,
  plumbing: [],
  total_plumbing: 0,
  calls: [],
  ...change,
});
const link = (source: number, target: number, change: Partial<GraphLink> = {}): GraphLink => ({
  source,
  target,
  data: 1,
  control: 0,
  writes: 0,
  weights: 0,
  tensors: 1,
  dtype: "float32",
  shape: [2, null],
  shape_known: true,
  elements: 2,
  ...change,
});
const outside = (id: string) => ({
  id,
  path: id,
  scope: "",
  label: id,
  variables: [],
  total_variables: 0,
  hidden_by: null,
});
const picture = (change: Partial<GraphPicture>): GraphPicture => ({
  scope: "s",
  function: "",
  items: [],
  outside: [],
  links: [],
  total_links: 0,
  ops: 0,
  edges: 0,
  edges_within: 0,
  dangling: 0,
  ...change,
});

const OPTIONS = { isSideways: false, aspect: 1.25, drawsHubs: true };

function overlaps(made: ReturnType<typeof plan>, placed: Placed): string[] {
  const boxes = [...made.nodes, ...made.loose].map((node) => ({
    ...placed.at.get(node.id)!,
    ...node.size,
    id: node.id,
  }));
  return boxes.flatMap((a, index) =>
    boxes
      .slice(index + 1)
      .filter((b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height)
      .map((b) => `${a.id} ${b.id}`),
  );
}

describe("a plan", () => {
  const three = picture({
    items: [item("a"), item("b"), item("c", { hidden_by: "save" })],
    outside: [outside("x"), outside("w")],
    links: [
      link(0, 1),
      link(1, 2),
      link(3, 0),
      link(4, 1, { weights: 1 }),
      link(0, 1, { data: 0, control: 2, tensors: 0 }),
    ],
  });
  it("lays out data between what is in place, and draws weights from outside and control over it", () => {
    const made = plan(three, new Map(), OPTIONS);
    expect(made.nodes.map((node) => node.id)).toEqual([itemNode("a"), itemNode("b")]);
    expect(made.gates.map((gate) => [gate.id, gate.side, gate.weights])).toEqual([
      ["x", "in", false],
      ["w", "in", true],
    ]);
    expect(made.lines.map((line) => [line.source, line.target, line.label])).toEqual([
      [itemNode("a"), itemNode("b"), "2×?"],
      [gateNode("in", "x"), itemNode("a"), "2×?"],
    ]);
    expect(made.overlays).toHaveLength(2);
  });
  it("leads lines into an opened box through its gates", () => {
    const inner = {
      width: 100,
      height: 80,
      gates: [{ id: "a", label: "a", side: "in" as const, along: 30, weights: false, others: [] }],
    };
    const job = elkJob(plan(three, new Map([["b", inner]]), OPTIONS)) as { edges: { id: string; targets: string[] }[] };
    expect(job.edges.find((edge) => edge.id === lineId("a", "b"))!.targets).toEqual([
      lineId(itemNode("b"), gateNode("in", "a")),
    ]);
  });
  it.each([false, true])("has a layout without an engine, whose boxes do not overlap", (isSideways) => {
    const many = Array.from({ length: 300 }, (_, index) => item(`n${index}`));
    const chain = many
      .slice(1)
      .map((_, index) => link(index, index + 1))
      .filter((_, index) => index % 7);
    const made = plan(picture({ items: many, links: chain }), new Map(), { ...OPTIONS, isSideways });
    const placed = place(made, fallback(made));
    expect(overlaps(made, placed)).toEqual([]);
    expect(placed.routes.size).toBe(chain.length);
    for (const node of [...made.nodes, ...made.loose]) {
      const at = placed.at.get(node.id)!;
      expect(at.x + node.size.width).toBeLessThanOrEqual(placed.width);
      expect(at.y + node.size.height).toBeLessThanOrEqual(placed.height);
    }
  });
  it.each([false, true])("puts what no line leads to beside the rest, off the way to the gates", (isSideways) => {
    const items = ["a", "b", ...Array.from({ length: 40 }, (_, index) => `loose${index}`)].map((id) => item(id));
    const made = plan(
      picture({ items, outside: [outside("x"), outside("y")], links: [link(42, 0), link(0, 1), link(1, 43)] }),
      new Map(),
      { ...OPTIONS, isSideways },
    );
    const placed = place(made, fallback(made));
    expect([made.nodes.length, made.loose.length, overlaps(made, placed)]).toEqual([2, 40, []]);
    const last = Math.max(...made.nodes.map(({ id, size }) => placed.at.get(id)!.x + size.width));
    if (isSideways) return; // beside or below: wherever all is drawn larger
    for (const { id } of made.loose) expect(placed.at.get(id)!.x).toBeGreaterThan(last);
  });
  it("names hubs at their users in place of lines, and keeps the way through them", () => {
    const users = Array.from({ length: 8 }, (_, index) => item(`user${index}`));
    const items = [item("training", { kind: "op", type: "Placeholder" }), item("rest", { group: "rest" }), ...users];
    const links = [...users.map((_, index) => link(0, index + 2)), link(1, 2), link(2, 3)];
    const named = plan(picture({ items, links }), new Map(), { ...OPTIONS, drawsHubs: false });
    expect(named.lines.map((line) => [line.source, line.target])).toEqual([[itemNode("user0"), itemNode("user1")]]);
    expect(named.references).toHaveLength(9);
    expect(named.referencesOf.get("user3")!.map((one) => [one.label, one.isInput])).toEqual([["training", true]]);
    expect(plan(picture({ items, links }), new Map(), OPTIONS).lines).toHaveLength(10);
  });
  it("draws the lines of runs, which follow each other, and not those of what is left over", () => {
    const items = [item("a"), item("b … f", { group: "run" }), item("g … k", { group: "run" }), item("z")];
    const links = [link(0, 1), link(1, 2), link(2, 3)];
    const made = plan(picture({ items, links }), new Map(), { ...OPTIONS, drawsHubs: false });
    expect([made.lines.length, made.references.length]).toEqual([3, 0]);
  });
  it("keeps names apart that look like its own keys", () => {
    const made = plan(
      picture({ items: [item("in:x"), item("x\ny")], outside: [outside("x")], links: [link(0, 1), link(2, 0)] }),
      new Map(),
      OPTIONS,
    );
    expect(
      new Set([...made.nodes, ...made.gates.map((gate) => ({ id: gateNode(gate.side, gate.id) }))].map((one) => one.id))
        .size,
    ).toBe(3);
  });
});

describe("the legend", () => {
  it("counts what is on the screen and nothing else", () => {
    const items = [item("a"), item("b", { type: "Add" }), item("c"), item("d", { type: "", types: {} })];
    const drawn = items.map((one) => ({ key: `\n${one.id}`, item: one, isOpen: false }) as DrawnItem);
    const legend = legendOf(drawn, "type", null);
    expect(legend.entries).toEqual([
      { text: "Relu", mark: "hue0", count: 2 },
      { text: "Add", mark: "hue1", count: 1 },
    ]);
    expect(drawn.map(legend.classOf)).toEqual(["hue0", "hue1", "hue0", ""]);
    expect(legendOf(drawn, "structure", null).entries).toEqual([]);
  });
  it("shades a scale, and says from where to where each shade goes", () => {
    const drawn = ["a", "b", "c"].map((id) => ({ key: `\n${id}`, item: item(id), isOpen: false }) as DrawnItem);
    const measured = {
      measure: { name: "time", title: "time", unit: "us", is_overlay: false },
      byKey: new Map([
        ["\na", { id: "a", number: 10, text: "", shade: 0 }],
        ["\nb", { id: "b", number: 1500, text: "", shade: 1 }],
      ]),
      bounds: [0, 1000, 2000],
      unmatched: [],
      totalUnmatched: 0,
    };
    const legend = legendOf(drawn, "time", measured);
    expect(legend.entries.map(({ text, mark }) => `${mark} ${text}`)).toEqual([
      "heat0 0 us – 1 ms",
      "heat1 1 ms – 2 ms",
    ]);
    expect(drawn.map(legend.classOf)).toEqual(["heat0", "heat1", ""]);
    expect(drawn.map(legend.noteOf)).toEqual(["10 us", "1.5 ms", ""]);
  });
});
