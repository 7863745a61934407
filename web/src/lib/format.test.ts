import { describe, expect, it } from "vitest";
import { FORMAT_EXAMPLES, type Format } from "./declared";
import { bytes, cell, count, shape, short, shortCount, type Cell } from "./format";

describe("numbers and cells look as Python writes them", () => {
  const { cells, ...examples } = FORMAT_EXAMPLES;
  const writers = { count, bytes, short: shortCount, shape } as unknown as Record<string, (value: unknown) => string>;

  it.each(Object.entries(examples))("%s", (format, pairs) => {
    for (const [value, text] of pairs) expect(writers[format]!(value)).toBe(text);
  });

  it.each(cells as [Cell, Format, string][])("%j as %s", (value, format, text) => {
    expect(cell(value, format)).toBe(text);
  });
});

it("calls folders by their names, with or without a slash at the end", () => {
  expect(short(["a/saved_model/", "b/x.meta"])).toEqual(["saved_model", "x.meta"]);
  expect(short(["a/saved_model/", "b/saved_model"])).toEqual(["a/saved_model", "b/saved_model"]);
});
