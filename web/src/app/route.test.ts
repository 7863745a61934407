import { describe, expect, it } from "vitest";
import { readFilter, writeFilter } from "../views/map/scope_map_view";
import { columns } from "../lib/two_trees";
import { attribute, bytes, cut, printable, shape, short } from "../lib/format";
import { parseRoute, DEFAULT_GRAPH_VIEW, toggled, formatRoute, type Route } from "./route";
import { csv } from "../lib/download";
import { inScope } from "../lib/query_terms";
import { readOrder, writeOrder } from "../views/variables/order";

describe("the address", () => {
  it("brings back whatever was shown, hostile names included", () => {
    const address: Route = {
      graphView: {
        ...DEFAULT_GRAPH_VIEW,
        roles: ["save"],
        unfolded: ["a/b c"],
        hidden: ["op:Const", "name:'a&b'"],
        only: ["scope:x/y"],
        showsRules: true,
        items: 300,
        coloring: "device",
        trace: "paths",
        depth: 2,
        against: "gh78",
        also: ["x&y", "z"],
        through: ["f&g"],
        link: ["", "a", "b\nc"],
        box: "1,-2,0.5",
      },
      model: "ab12",
      other: "cd34",
      view: "diff",
      tree: "ops",
      selectedIn: "ef56",
      selected: "a/b&c=d#<img src=x>",
      openOps: ["a", "a/b?c"],
      openVariables: ["ü/%2F"],
      query: 'op:MatMul "x y"',
      filter: "renamed only_b",
      edits: '{"pairs":{"a&b":null}}',
      isEditing: true,
    };
    expect(parseRoute(formatRoute(address))).toEqual(address);
  });
  it("is empty for what is shown first, and takes nonsense for that", () => {
    expect(formatRoute(parseRoute(""))).toBe("");
    expect(parseRoute("?view=nonsense&tree=nonsense").view).toBe("graph");
  });
});

describe("filters", () => {
  it("are read as they are written", () => {
    for (const filter of [
      { role: "forward", isShared: false, collection: "" },
      { role: "save", isShared: true, collection: "losses" },
    ])
      expect(readFilter(writeFilter(filter))).toEqual(filter);
    expect(readOrder("sort:parameters down all")).toEqual({
      sort: "parameters",
      descending: true,
      attached: true,
      query: "",
    });
    for (const query of ["", "trainable:yes shape:[*,256]", "where where down", inScope("a b/'c'")])
      for (const sort of ["name", "uses"] as const)
        expect(readOrder(writeOrder({ sort, descending: false, attached: true, query }))).toEqual({
          sort,
          descending: false,
          attached: true,
          query,
        });
    expect(readOrder("sort:nonsense").sort).toBe("parameters");
    expect(readOrder("")).toMatchObject({ sort: "parameters", descending: true }); // the largest first
    expect(writeOrder(readOrder(""))).toBe("");
  });
});

describe("text", () => {
  it("shows controls as what they are", () => {
    expect(printable("a\u202eb\u0007")).toBe("a\\u202eb\\u0007");
  });
  it("writes attributes as the command line does", () => {
    const values = [
      { name: "float32" },
      { sizes: [null, 3] },
      [1, 2],
      "NHWC",
      null,
      { dtype: "int32", shape: [2], preview: [0, 1], is_uniform: false },
      { name: "f", attributes: {} },
    ];
    expect(values.map(attribute)).toEqual(["float32", "[?, 3]", "[1, 2]", '"NHWC"', "null", "int32[2] = 0, 1", "f"]);
  });
  it("writes sizes as the command line does", () => {
    expect([bytes(999), bytes(1536), bytes(null), shape([null, 3]), shape(null)]).toEqual([
      "999 B",
      "1.54 kB",
      "?",
      "[?, 3]",
      "[...]",
    ]);
  });
  it("gives a spreadsheet no formula", () => {
    const row = { name: '=cmd("x")', shape: [2], dtype: "float32", collections: ["a", "b"] };
    expect(csv(["name", "shape"], [row]).split("\n")[1]).toContain(`"'=cmd(""x"")"`);
    expect(csv(["collections"], [{ collections: ["@sum(1)", "b"] }]).split("\n")[1]).toBe("'@sum(1) b");
  });
});

describe("layout", () => {
  it("fits the map into the width there is", () => {
    for (const available of [300, 700, 1000, 3000]) {
      const { width, gap } = columns(available);
      expect(2 * width + gap).toBe(Math.max(460, Math.min(1200, available - 24)));
    }
  });
  it("cuts names in the middle, where twins are alike", () => {
    expect(cut("discriminator_1", 12)).toBe("discrim…or_1");
    expect(cut("w", 3)).toBe("w");
  });
  it("opens and closes", () => {
    expect(toggled(toggled(["a"], "b"), "a")).toEqual(["b"]);
  });
});

describe("names of what is open", () => {
  it("leaves out the folders that all share, and never the file", () => {
    expect(short(["/m/a/x.meta", "/m/b/x.meta"])).toEqual(["a/x.meta", "b/x.meta"]);
    expect(short(["/m/x.meta", "/m/x.meta"])).toEqual(["x.meta", "x.meta"]);
    expect(short(["/m/x.meta"])).toEqual(["x.meta"]);
    expect(short(["x", "/m/x"])).toEqual(["x", "m/x"]);
    expect(short([])).toEqual([]);
  });
});
