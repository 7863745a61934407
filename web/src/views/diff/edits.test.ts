import { describe, expect, it } from "vitest";
import { forgotten, paired, pairsOf, readEdits, rejected, withRule, withoutRule, writeEdits } from "./edits";

const none = readEdits("");

describe("edits of the pairs", () => {
  it("are read as they are written, and nothing is nothing", () => {
    const edits = withRule(rejected(paired({ ...none, accept: "proposed" }, "a/w", "b/w"), 'x"=<y>'), "enc=encoder");
    expect(readEdits(writeEdits(edits))).toEqual(edits);
    expect(writeEdits(none)).toBe("");
    expect(writeEdits(forgotten(withoutRule({ ...edits, accept: "" }, "enc=encoder"), "a/w"))).toContain("null");
    expect(readEdits("{nonsense")).toEqual(none);
  });
  it("let each name be in one pair", () => {
    const first = paired(paired(none, "a", "x"), "b", "y");
    expect(paired(first, "a", "y").pairs).toEqual({ a: "y" });
    expect(paired(rejected(first, "a"), "a", "z").pairs).toEqual({ b: "y", a: "z" });
    expect(withRule(withRule(none, "a=b"), "a=b").rules).toEqual(["a=b"]);
  });
  it("are taken from a map and from what diff printed, and from nothing else", () => {
    expect(pairsOf({ a: "b", c: null })).toEqual({ a: "b", c: null });
    expect(
      pairsOf({
        entries: [
          { a: "a", b: "b" },
          { a: null, b: "c" },
        ],
      }),
    ).toEqual({ a: "b" });
    expect([pairsOf([1]), pairsOf({ a: 3 }), pairsOf(null)]).toEqual([null, null, null]);
  });
});
