// The text in a box of the graph, and the size that it needs.

import { cut, plural, printable } from "../../lib/format";
import type { GraphItem } from "../../lib/schema";

// A hub that a box is linked with, named in the box in place of a line.
export interface Reference {
  id: string;
  path: string;
  label: string;
  isInput: boolean; // whether the box takes from the hub, and does not feed it
}

const LETTER = 7.25; // px of a letter of a name
const SMALL_LETTER = 5.9; // of the lines below it
const MOST_LETTERS = 24;
const NAME_ONLY = 24; // px, the height of a box with its name alone
const LINE = 13; // px, each line below the name
const MOST_REFERENCES = 2; // that are named; the others are counted
const REFERENCE_LETTERS = 16;

export function title(item: GraphItem): string {
  return cut(printable(item.label), MOST_LETTERS);
}

export function subtitle(item: GraphItem): string {
  if (item.kind === "variable")
    return [item.shape_known ? dims(item.shape) : "", item.uses > 1 ? plural(item.uses, "call site") : ""]
      .filter(Boolean)
      .join(" · ");
  if (item.kind === "scope" || item.kind === "group") return plural(item.ops, "op");
  const [constant] = item.constants;
  const value = !constant
    ? ""
    : item.total_constants > 1
      ? `${item.total_constants} constants`
      : cut(constant.preview.join(" ") || dims(constant.shape), 12);
  const type = item.label === item.type || (item.type === "Const" && value) ? "" : cut(item.type, 20);
  return [type, value].filter(Boolean).join(" · ");
}

// The references of a box in one line: `← is_training, labels +2`.
export function referenceText(references: Reference[]): string {
  return [true, false]
    .map((isInput) => {
      const all = references.filter((one) => one.isInput === isInput);
      const named = all.slice(0, MOST_REFERENCES).map(({ label }) => cut(printable(label), REFERENCE_LETTERS));
      const rest = all.length > MOST_REFERENCES ? ` +${all.length - MOST_REFERENCES}` : "";
      return all.length ? `${isInput ? "←" : "→"} ${named.join(", ")}${rest}` : "";
    })
    .filter(Boolean)
    .join("  ");
}

export function boxSize(item: GraphItem, references: Reference[]): { width: number; height: number } {
  const [below, names] = [subtitle(item), referenceText(references)];
  const letters = Array.from(title(item)).length + (item.total_members > 1 ? 4 : 0);
  const text = Math.max(letters * LETTER, Math.max(Array.from(below).length, Array.from(names).length) * SMALL_LETTER);
  return {
    width: Math.round(Math.max(54, text + (item.can_open || item.calls.length ? 34 : 20))),
    height: NAME_ONLY + (below ? LINE : 0) + (names ? LINE : 0),
  };
}

export function dims(shape: (number | null)[] | null): string {
  if (shape === null) return "…";
  return shape.length ? shape.map((size) => size ?? "?").join("×") : "scalar";
}
