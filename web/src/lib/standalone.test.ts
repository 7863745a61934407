import { describe, expect, it } from "vitest";
import { hex, rulesOf, standaloneStyle, tokensOf, upright } from "./standalone";

const SHEET = `/* tokens */ :root { --ground: #fff; --tint: 91%; }
@media (prefers-color-scheme: dark) { :root { --ground: #000; } .item { fill: red; } }
.item .body { fill: hsl(215 55% var(--tint)); cursor: pointer; transition: transform 0.2s ease; }
.link { stroke: var(--ground); }`;

describe("a drawing as a file of its own", () => {
  it("has its colors written out, in rules of classes", () => {
    const tokens = tokensOf(SHEET, ":root");
    const rules = rulesOf(SHEET).filter((rule) => rule.selector !== ":root");
    const style = standaloneStyle(rules, (name) => tokens.get(name) ?? "");
    expect(style.split("\n").slice(1)).toEqual([".item .body { fill: #dbe6f5; }", ".link { stroke: #fff; }"]);
  });
  it("turns hues into what every tool reads", () => {
    expect([hex(0, 100, 50), hex(120, 100, 50), hex(240, 100, 50), hex(0, 0, 50), hex(28, 60, 24)]).toEqual([
      "#ff0000",
      "#00ff00",
      "#0000ff",
      "#808080",
      "#623b18",
    ]);
  });
  it("has its positions as attributes", () => {
    expect(upright('<g style="transform:translate(1.5px, -2px);"><g style="transform: translate(3px);"/></g>')).toBe(
      '<g transform="translate(1.5 -2)"><g transform="translate(3 0)"/></g>',
    );
  });
});
