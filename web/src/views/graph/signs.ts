// What stands in a drawing beside the colors of its boxes, so that a legend names these signs and no others.

import { lineKind } from "./coloring";
import type { Drawing } from "./store";

export const LINES = {
  data: "data, thicker for larger or more tensors",
  weights: "values of variables",
  write: "writes variables, and may read them",
  control: "control dependency",
};

export type LineKind = keyof typeof LINES;

export interface Signs {
  lines: LineKind[];
  hasVariables: boolean;
  hasCalls: boolean;
  hasGroups: boolean;
  hasGates: boolean;
  hasTurns: boolean;
}

export function signsOf(drawing: Drawing | undefined): Signs {
  const lines = new Set(drawing?.links.map((drawn) => lineKind(drawn.link)));
  const closed = drawing?.items.filter((drawn) => !drawn.isOpen).map((drawn) => drawn.item) ?? [];
  return {
    lines: (Object.keys(LINES) as LineKind[]).filter((kind) => lines.has(kind)),
    hasVariables: closed.some((item) => item.kind === "variable"),
    hasCalls: closed.some((item) => item.kind === "call"),
    hasGroups: closed.some((item) => item.total_members > 1),
    hasGates: !!drawing?.gates.length,
    hasTurns: !!drawing?.turns.length,
  };
}
