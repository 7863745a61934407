import { describe, expect, it } from "vitest";
import { chooseFirstPicture } from "./first_picture";
import type { DrawnItem, Drawing } from "./store";

const drawn = (paths: string[], open: string[]): Drawing => ({
  items: paths.map((path) => ({ item: { path, can_open: true }, isOpen: open.includes(path) }) as DrawnItem),
  links: [],
  gates: [],
  turns: [],
  isSideways: false,
  auxiliary: [],
  subgraphs: [],
  width: 1,
  height: 1,
});

describe("the first picture", () => {
  it("folds the root until it can be read, then opens what is heaviest while it still can", async () => {
    const opening = Promise.resolve({ scopes: ["net", "net/deep", "loss", "not/drawn"], unfolded: [] });
    const inside: Record<string, number> = { net: 3, "net/deep": 30, loss: 3 };
    const draw = (open: string[], items: number) => {
      const boxes = [...Array(Math.min(items, 44)).keys()].map((index) => `op${index}`);
      const paths = ["net", "loss", ...(open.includes("net") ? ["net/deep"] : []), ...boxes];
      const more = open.flatMap((scope) => [...Array(inside[scope]).keys()].map((index) => `${scope}/${index}`));
      return Promise.resolve(drawn([...paths, ...more], open));
    };
    const first = await chooseFirstPicture(opening, draw, (drawing) => drawing.items.length <= 31);
    expect(first).toEqual({ openOps: ["net", "loss"], items: 22, unfolded: [] });
  });
  it("folds the root further for a scope that holds most", async () => {
    const opening = Promise.resolve({ scopes: ["model", "head"], unfolded: [] });
    const sized = (ops: number) => (open: string[], items: number) => {
      const inputs = [...Array(Math.min(items, 24)).keys()].map((index) => `x${index}`);
      const inside = [...Array(open.includes("model") ? 20 : 0).keys()].map((index) => `model/${index}`);
      const found = drawn(["model", "head", ...inputs, ...inside], open);
      found.items.forEach(({ item }) => (item.ops = item.path === "model" ? ops : 1));
      return Promise.resolve(found);
    };
    const fits = ({ items }: Drawing) => items.length <= 40;
    expect(await chooseFirstPicture(opening, sized(400), fits)).toEqual({
      openOps: ["model", "head"],
      items: 16,
      unfolded: [],
    });
    expect(await chooseFirstPicture(opening, sized(9), fits)).toEqual({ openOps: ["head"], items: 60, unfolded: [] });
  });
  it("draws the members of a sole group, if they can be read", async () => {
    const opening = Promise.resolve({ scopes: ["tower_0"], unfolded: ["tower_0"] });
    const towers = [0, 1, 2].map((number) => `tower_${number}`);
    const draw = (open: string[], _: number, apart: string[]) =>
      Promise.resolve(drawn(apart.length ? [...towers, ...open.map((one) => `${one}/x`)] : ["towers"], open));
    const all = await chooseFirstPicture(opening, draw, () => true);
    expect(all).toEqual({ openOps: ["tower_0"], items: 60, unfolded: ["tower_0"] });
    const few = await chooseFirstPicture(opening, draw, (drawing) => drawing.items.length < 3);
    expect(few).toEqual({ openOps: [], items: 60, unfolded: [] });
  });
});
