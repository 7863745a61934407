// Colors of the boxes by what was chosen, and the legend that says exactly what is on the screen.

import type { Coloring } from "../../app/route";
import { ROLE_HUES } from "../../lib/declared";
import { plural } from "../../lib/format";
import type { GraphItem, GraphLink } from "../../lib/schema";
import type { DrawnItem } from "./store";
import { amount, type Measured } from "./use_measure";

export const HUES = 10; // classes hue0 .. hue9 of the style sheet; hue9 is for all that come after

// What the color of a closed scope says, where that is not plain.
const NOTES: Record<Coloring, string | undefined> = {
  type: "a scope: its most frequent type, constants aside",
  role: "a scope is forward if any of it is",
  device: "a scope: all devices in it",
};

// A role has one color, whatever else is on the screen: its index among ROLE_HUES.
const INPUT = /^(Placeholder\w*|Iterator\w*|OneShotIterator)$/;

export function lineKind(link: GraphLink): "data" | "weights" | "write" | "control" {
  return link.data === 0 ? "control" : link.writes ? "write" : link.weights === link.data ? "weights" : "data";
}

// A class of the style sheet for a box: `hue3` of categories, `heat2` of a scale; and what the box has, as text.
export interface Legend {
  classOf: (drawn: DrawnItem) => string;
  noteOf: (drawn: DrawnItem) => string;
  entries: { text: string; mark: string; count: number }[];
  remark: string;
}

export function legendOf(drawn: DrawnItem[], coloring: Coloring, measured: Measured | null): Legend {
  const closed = drawn.filter((one) => !one.isOpen);
  if (measured?.bounds.length) return scaleOf(closed, measured);
  if (measured) {
    const textOf = ({ key }: DrawnItem) => measured.byKey.get(key)?.text ?? "";
    return { ...categories(closed, "", textOf), noteOf: textOf, remark: unmatched(measured) };
  }
  return { ...categories(closed, coloring, ({ item }) => valueOf(item, coloring)), noteOf: () => "" };
}

// A scale of shades; each entry says from where to where it goes.
function scaleOf(drawn: DrawnItem[], measured: Measured): Legend {
  const { byKey, bounds, measure } = measured;
  const shades = drawn.map(({ key }) => byKey.get(key)?.shade ?? null);
  const entries = bounds.slice(1).map((high, shade) => ({
    text: `${amount(bounds[shade]!, measure.unit)} – ${amount(high, measure.unit)}`,
    mark: `heat${shade}`,
    count: shades.filter((one) => one === shade).length,
  }));
  const numberOf = ({ key }: DrawnItem) => byKey.get(key)?.number ?? null;
  return {
    classOf: ({ key }) => {
      const shade = byKey.get(key)?.shade ?? null;
      return shade === null ? "" : `heat${shade}`;
    },
    noteOf: (one) => {
      const number = numberOf(one);
      return number === null ? "" : amount(number, measure.unit);
    },
    entries: entries.filter(({ count }) => count > 0),
    remark: [measure.title, measure.is_overlay ? "" : "a box: the sum of its ops", unmatched(measured)]
      .filter(Boolean)
      .join("; "),
  };
}

const unmatched = ({ totalUnmatched }: Measured) =>
  totalUnmatched ? `${plural(totalUnmatched, "name")} of the overlay not in this graph` : "";

function categories(drawn: DrawnItem[], coloring: Coloring, textOf: (one: DrawnItem) => string) {
  const counts = new Map<string, number>();
  for (const one of drawn) {
    const text = textOf(one);
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
    mark: `hue${hue(text, index)}`,
    count,
  }));
  const others = shown.slice(HUES - 1);
  if (others.length)
    entries.push({
      text: `${others.length} others`,
      mark: `hue${HUES - 1}`,
      count: others.reduce((sum, [, count]) => sum + count, 0),
    });
  const classOf = (one: DrawnItem) => {
    const found = hues.get(textOf(one));
    return found === undefined ? "" : `hue${found}`;
  };
  return { entries, classOf, remark: entries.length ? (NOTES[coloring] ?? "") : "" };
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
    default:
      return ""; // a measure that is not there yet
  }
}
