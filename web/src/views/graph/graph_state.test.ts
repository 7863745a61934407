import { describe, expect, it } from "vitest";
import { graphReducer, NOTHING_DRAWN } from "./graph_state";
import type { Drawing } from "./store";

const drawing = (width: number): Drawing => ({
  items: [],
  links: [],
  gates: [],
  turns: [],
  isSideways: false,
  auxiliary: [],
  subgraphs: [],
  width,
  height: 1,
});

describe("what the graph view shows", () => {
  const requested = graphReducer(NOTHING_DRAWN, { type: "requested", key: "a" });
  const ready = graphReducer(requested, { type: "drawn", key: "a", drawing: drawing(1) });
  it("goes from loading to ready, and shows an earlier drawing until the next is there", () => {
    expect([requested.name, ready.name]).toEqual(["loading", "ready"]);
    const updating = graphReducer(ready, { type: "requested", key: "b" });
    expect([updating.name, updating.drawing?.width]).toEqual(["updating", 1]);
    expect(graphReducer(updating, { type: "drawn", key: "b", drawing: drawing(2) }).drawing?.width).toBe(2);
  });
  it("changes nothing for a request that is made already, nor for an answer that is too late", () => {
    expect(graphReducer(ready, { type: "requested", key: "a" })).toBe(ready);
    expect(graphReducer(ready, { type: "drawn", key: "old", drawing: drawing(3) })).toBe(ready);
  });
  it("keeps what was drawn when the next fails, and asks again", () => {
    const failed = graphReducer(graphReducer(ready, { type: "requested", key: "b" }), {
      type: "failed",
      key: "b",
      error: "no such scope",
    });
    expect([failed.name, failed.error, failed.drawing?.width]).toEqual(["failed", "no such scope", 1]);
    expect(graphReducer(failed, { type: "requested", key: "b" }).name).toBe("updating");
  });
});
