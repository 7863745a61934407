// The columns of the table: what stands in each, and how much room it takes.

import { bytes, count, printable, shape } from "../../lib/format";
import type { TableRow } from "../../lib/schema";

export type Column =
  | "name"
  | "shape"
  | "dtype"
  | "parameters"
  | "size_bytes"
  | "trainable"
  | "uses"
  | "call_sites"
  | "readers"
  | "slots"
  | "initializer"
  | "collections"
  | "device";

interface Shown {
  key: Column;
  heading: string;
  help: string; // what the heading means
  style: "name" | "mono" | "number" | "quiet";
  most: number; // letters; what is longer is cut
}

export const COLUMNS: readonly Shown[] = [
  { key: "name", heading: "name", help: "name of the variable", style: "name", most: 90 },
  { key: "shape", heading: "shape", help: "shape; ? is not known", style: "mono", most: 20 },
  { key: "dtype", heading: "dtype", help: "dtype", style: "quiet", most: 10 },
  { key: "parameters", heading: "parameters", help: "number of elements", style: "number", most: 14 },
  { key: "size_bytes", heading: "bytes", help: "bytes when stored densely", style: "number", most: 8 },
  { key: "trainable", heading: "trained", help: "whether it is trainable", style: "quiet", most: 3 },
  {
    key: "uses",
    heading: "uses",
    help: "how many times the computation uses it; from 2 on it is shared",
    style: "number",
    most: 6,
  },
  { key: "call_sites", heading: "call sites", help: "op scopes that use it", style: "number", most: 6 },
  { key: "readers", heading: "readers", help: "ops of the computation that read it", style: "number", most: 6 },
  {
    key: "slots",
    heading: "slots",
    help: "optimizer slots and moving averages of the variable",
    style: "number",
    most: 6,
  },
  { key: "initializer", heading: "initializer", help: "what gives it its first value", style: "quiet", most: 18 },
  { key: "device", heading: "device", help: "requested device", style: "quiet", most: 16 },
  { key: "collections", heading: "collections", help: "collections that it is a member of", style: "quiet", most: 32 },
];

export function cellText(row: TableRow, column: Column): string {
  switch (column) {
    case "name":
      return printable(row.name);
    case "shape":
      return shape(row.shape);
    case "dtype":
      return row.dtype;
    case "parameters":
      return count(row.parameters);
    case "size_bytes":
      return bytes(row.size_bytes);
    case "trainable":
      return row.trainable === null ? "" : row.trainable ? "yes" : "no";
    case "collections":
      return row.collections.map(printable).join(", ");
    case "initializer":
      return row.initializer ? row.initializer.resembles || row.initializer.kind : "";
    case "device":
      return printable(row.device);
    default:
      return row[column] ? count(row[column]) : "";
  }
}

// Those that say something of any row.
export function columnsOf(rows: TableRow[]): readonly Shown[] {
  return COLUMNS.filter(({ key }) => key === "name" || rows.some((row) => cellText(row, key)));
}

const LETTER = { name: 7.3, mono: 7.3, number: 7.6, quiet: 6.6 }; // px of a letter, in the mean
const HEADING = 6.8;

// Letters of a name for which there is room: two fifths of the table are theirs.
export function lettersFor(width: number): number {
  return Math.max(30, Math.min(90, Math.floor((0.42 * width) / LETTER.name)));
}

// What does not fit of a name is left out of its front: its end says which variable it is.
export function ending(name: string, letters: number): string {
  return name.length <= letters ? name : `…${name.slice(1 - letters)}`;
}

// As wide as what stands in them.
export function widthsOf(columns: readonly Shown[], rows: TableRow[], names: string[]): string {
  return columns
    .map(({ key, heading, style, most }) => {
      const texts = key === "name" ? names : rows.map((row) => cellText(row, key));
      const longest = Math.min(
        most,
        texts.reduce((longest, text) => Math.max(longest, text.length), 0),
      );
      const width = Math.ceil(Math.max(LETTER[style] * longest, HEADING * (heading.length + 1)) + 3);
      return `${width}px`;
    })
    .join(" ");
}
