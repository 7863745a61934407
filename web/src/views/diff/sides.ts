// What the two sides of a diff are called, as the server says, and what became of a variable.

import { STATUS_MARKS, STATUS_WORDS } from "../../lib/declared";
import type { DiffEntry, DiffReport } from "../../lib/schema";

export interface Sides {
  a: string; // as a label
  b: string;
  the: { a: string; b: string }; // within a sentence
  models: { a: string; b: string }; // as `selectedIn` has them: the model that is open is the empty one
}

export type Status = DiffEntry["status"];

export const STATUSES = Object.keys(STATUS_WORDS) as Status[];
export const WORDS: Record<Status, string> = STATUS_WORDS;
const TYPESET: Record<string, string> = { ">": "→", "-": "−" };
export const MARKS = Object.fromEntries(
  Object.entries(STATUS_MARKS).map(([status, mark]) => [status, TYPESET[mark] ?? mark]),
) as Record<Status, string>;

export function sidesOf(report: DiffReport | undefined, b: string): Sides {
  const names = report?.sides ?? { a: "old one", b: "new one", label_a: "old", label_b: "new" };
  return {
    a: names.label_a,
    b: names.label_b,
    the: { a: `the ${names.a}`, b: `the ${names.b}` },
    models: { a: "", b },
  };
}

export function wordsOf(status: Status, { the }: Sides): string {
  if (status === "only_a") return `only in ${the.a}`;
  if (status === "only_b") return `only in ${the.b}`;
  return WORDS[status];
}
