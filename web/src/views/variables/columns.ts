// The columns of the table: which of those that Python declares are shown, and how much room they take.

import { COLUMNS, type Format } from "../../lib/declared";
import { cell, type Cell } from "../../lib/format";
import type { TableLine } from "../../lib/schema";

export type Column = (typeof COLUMNS)[number]["key"];
type Shown = (typeof COLUMNS)[number];

export const INDEX = Object.fromEntries(COLUMNS.map(({ key }, index) => [key, index])) as Record<Column, number>;

export const isNumber = (format: Format): boolean => ["count", "short", "bytes", "time"].includes(format);

// The class of a cell.
export const STYLE: Record<Format, "name" | "mono" | "number" | "quiet"> = {
  name: "name",
  names: "quiet",
  word: "quiet",
  count: "number",
  short: "number",
  bytes: "number",
  time: "number",
  shape: "mono",
  yes_no: "quiet",
};

export function cellText(row: TableLine, column: Shown): string {
  return cell(row.cells[INDEX[column.key]] as Cell, column.format);
}

// Those that say something of any row.
export function columnsOf(rows: TableLine[]): readonly Shown[] {
  return COLUMNS.filter(
    (column) => column.is_listed && (column.key === "name" || rows.some((row) => isSaid(row, column))),
  );
}

function isSaid(row: TableLine, column: Shown): boolean {
  const isUnknownCost = row.cells[INDEX[column.key]] === null && ["short", "bytes", "time"].includes(column.format);
  return !isUnknownCost && cellText(row, column) !== "";
}

const LETTER = { name: 7.3, mono: 7.3, number: 7.6, quiet: 6.6 }; // px of a letter, in the mean
const HEADING = { other: 6.8, sorted: 7.5 }; // px of a letter: rows are sorted by the bold one
const ARROW = 16; // px of the arrow beside it

// Letters of a name for which there is room: two fifths of the table are theirs.
export function lettersFor(width: number): number {
  return Math.max(30, Math.min(90, Math.floor((0.42 * width) / LETTER.name)));
}

// What does not fit of a name is left out of its front: its end says which variable it is.
export function ending(name: string, letters: number): string {
  return name.length <= letters ? name : `…${name.slice(1 - letters)}`;
}

// As wide as what stands in them.
export function widthsOf(columns: readonly Shown[], rows: TableLine[], names: string[], sorted: Column): string {
  return columns
    .map((column) => {
      const texts = column.key === "name" ? names : rows.map((row) => cellText(row, column));
      const longest = Math.min(
        column.letters,
        texts.reduce((longest, text) => Math.max(longest, text.length), 0),
      );
      const letter = LETTER[STYLE[column.format]];
      const isSorted = column.key === sorted;
      const heading = HEADING[isSorted ? "sorted" : "other"] * (column.heading.length + 1) + (isSorted ? ARROW : 0);
      return `${Math.ceil(Math.max(letter * longest, heading) + 3)}px`;
    })
    .join(" ");
}
