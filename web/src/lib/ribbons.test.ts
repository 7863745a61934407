import { describe, expect, it } from "vitest";
import { type Band, drawnBands } from "./ribbons";

const band = (left: number, right: number, weight: number): Band => ({ left, right, weight, kind: "", summary: "" });

describe("ribbons", () => {
  it("lie side by side at a box, in the order of what they lead to, and never in one point", () => {
    const [third, first, second] = drawnBands([band(0, 9, 1), band(0, 2, 2), band(0, 5, 1)]);
    expect(first!.from).toBeLessThan(second!.from);
    expect(second!.from).toBeLessThan(third!.from);
    expect(second!.from - first!.from).toBeCloseTo((first!.thick + second!.thick) / 2);
    expect([first!.to, second!.to, third!.to]).toEqual([0, 0, 0]);
  });
  it("fill a box at most, however many they are", () => {
    const drawn = drawnBands(Array.from({ length: 40 }, (_, index) => band(0, index, 1)));
    const offsets = drawn.map(({ from }) => from);
    expect(Math.max(...offsets) - Math.min(...offsets)).toBeLessThanOrEqual(15);
    expect(new Set(offsets).size).toBe(40);
    expect(drawnBands([band(0, -1, 5)])[0]).toMatchObject({ thick: 15, from: 0, to: 0 });
  });
});
