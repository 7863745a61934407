// What the rows of the op tree cost, where the graph is colored by a cost: one number stands for both.

import { useMemo } from "preact/hooks";
import { route } from "../../app/route";
import { api } from "../../lib/api";
import { bytes, shortCount, time } from "../../lib/format";
import type { CostReport, CostRow, TreeRow } from "../../lib/schema";
import { useQuery } from "../../lib/use_query";
import type { Kind } from "./pages";

type Amount = "time_us" | "memory_bytes" | "flops" | "output_bytes" | "parameters";

interface Cost {
  field: Amount;
  heading: string;
  text: (number: number) => string;
}

// By the names that the server gives its measures: `time`, or `time: STEP` where several steps were recorded.
const COSTS: Record<string, Cost> = {
  time: { field: "time_us", heading: "in the recorded step", text: time },
  memory: { field: "memory_bytes", heading: "memory in the recorded step", text: bytes },
  flops: { field: "flops", heading: "FLOPs", text: shortCount },
  "output bytes": { field: "output_bytes", heading: "of outputs", text: bytes },
  parameters: { field: "parameters", heading: "parameters", text: shortCount },
};

const MOST = 5000; // rows of one scope

export interface TreeCosts {
  heading: string;
  text: (number: number) => string;
  of: (row: TreeRow) => number | null; // twins together
}

export function useCosts(model: string, kind: Kind, scopes: string[]): TreeCosts | null {
  const { coloring } = route.value.graphView;
  const [name, step] = coloring.split(/: (.*)/s);
  const cost = kind === "ops" && route.value.view === "graph" ? COSTS[name!] : undefined;
  const parameters = { run: step ?? "", limit: MOST };
  const { answer } = useQuery(cost ? JSON.stringify([model, scopes, parameters]) : null, () =>
    Promise.all(scopes.map((scope) => api.costs(model, { ...parameters, scope }).catch(() => null))),
  );
  return useMemo(() => (cost && answer ? costsOf(cost, answer) : null), [cost, answer]);
}

function costsOf({ field, heading, text }: Cost, reports: (CostReport | null)[]): TreeCosts {
  const byPath = new Map<string, CostRow>(
    reports.flatMap((report) => report?.rows ?? []).map((row) => [row.path, row]),
  );
  const of = (row: TreeRow) => {
    const numbers = (row.members.length ? row.members : [row.path]).map((path) => byPath.get(path)?.[field] ?? null);
    const known = numbers.filter((number) => number !== null);
    return known.length ? known.reduce((sum, number) => sum + number, 0) : null;
  };
  return { heading, text, of };
}
