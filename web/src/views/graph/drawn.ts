// What the marks of a drawing have in common: what is emphasized, and what a hand does with them.

import { printable } from "../../lib/format";
import type { DrawnGate, DrawnItem, DrawnLink, DrawnTurn } from "./store";

export interface Marks {
  selected: Set<string>; // keys of the items
  link: string; // key of the link
  lit: Set<string> | null; // keys of the items on a trace; null if nothing is traced
  hovered: string;
}

export interface Handlers {
  pick: (item: DrawnItem, isMore: boolean) => void;
  open: (item: DrawnItem) => void;
  pickLink: (link: DrawnLink) => void;
  pickGate: (gate: DrawnGate) => void;
  pickTurn: (turn: DrawnTurn) => void;
  hover: (key: string) => void;
}

// An attribute that says whose a mark is; never empty, for an empty one would lose its value when it is written as XML.
export const owner = (name: string) => `/${printable(name)}`;
