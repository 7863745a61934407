// Colors of the boxes by what was chosen, and the legend that says exactly what is on the screen.

import type { Coloring } from "../../app/route";
import { ROLE_HUES } from "../../lib/declared";
import type { GraphItem, GraphLink } from "../../lib/schema";

export const HUES = 10; // classes hue0 .. hue9 of the style sheet; hue9 is for all that come after

// What the color of a closed scope says, where that is not plain.
export const NOTES: Partial<Record<Coloring, string>> = {
  type: "a scope: its most frequent type, constants aside",
  role: "a scope is forward if any of it is",
  device: "a scope: all devices in it",
};

// A role has one color, whatever else is on the screen: its index among ROLE_HUES.
const INPUT = /^(Placeholder\w*|Iterator\w*|OneShotIterator)$/;

export function lineKind(link: GraphLink): "data" | "weights" | "write" | "control" {
  return link.data === 0 ? "control" : link.writes ? "write" : link.weights === link.data ? "weights" : "data";
}

export interface Legend {
  hueOf: (item: GraphItem) => number | null;
  entries: { text: string; hue: number; count: number }[];
}

export function legendOf(items: GraphItem[], coloring: Coloring): Legend {
  const counts = new Map<string, number>();
  for (const item of items) {
    const text = valueOf(item, coloring);
    if (text) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  // One structure alone says nothing: a color there means "equal to another on the screen".
  const shown = [...counts].filter(([, count]) => coloring !== "structure" || count > 1);
  shown.sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const hue = (text: string, index: number) =>
    Math.min(coloring === "role" ? ROLE_HUES.indexOf(text) : index, HUES - 1);
  const hues = new Map(shown.map(([text], index) => [text, hue(text, index)]));
  const entries = shown.slice(0, HUES - 1).map(([text, count], index) => ({
    text: coloring === "structure" ? `equal inside (${index + 1})` : text,
    hue: hue(text, index),
    count,
  }));
  const others = shown.slice(HUES - 1);
  if (others.length)
    entries.push({
      text: `${others.length} others`,
      hue: HUES - 1,
      count: others.reduce((sum, [, count]) => sum + count, 0),
    });
  return { entries, hueOf: (item) => hues.get(valueOf(item, coloring)) ?? null };
}

function valueOf(item: GraphItem, coloring: Coloring): string {
  switch (coloring) {
    case "role":
      return item.kind === "variable"
        ? "variable"
        : item.kind === "argument" || INPUT.test(item.type)
          ? "input"
          : item.role;
    case "type":
      return item.type || Object.keys(item.types).find((type) => type !== "Const") || "";
    case "device":
      return item.devices.filter(Boolean).join(", ");
    case "sharing":
      return item.uses > 1
        ? "shared variable"
        : item.shared
          ? "holds shared variables"
          : item.kind === "variable"
            ? "variable, one call site"
            : "";
    case "collection":
      return item.collections.filter((name) => name !== "variables").join(", ");
    case "structure":
      return item.structure;
    case "dtype":
      return item.dtype;
  }
}
