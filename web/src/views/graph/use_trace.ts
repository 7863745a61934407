// What is on the trace of the selection, and a sentence about it.

import { useMemo } from "preact/hooks";
import { route } from "../../app/route";
import { api } from "../../lib/api";
import { plural } from "../../lib/format";
import { useQuery } from "../../lib/use_query";
import type { Drawing } from "./store";

export function useTrace(drawing: Drawing | undefined): { lit: Set<string> | null; summary: string } {
  const { model, graphView, selected } = route.value;
  const parameters = {
    name: [selected, ...graphView.also],
    direction: graphView.trace,
    opened: drawing?.subgraphs.map((picture) => picture.scope).filter(Boolean) ?? [],
    function: graphView.function,
    role: graphView.roles,
    show: graphView.shown,
    unfold: graphView.unfolded,
    hide: graphView.hidden,
    only: graphView.only,
    items: graphView.items,
    plumbing: graphView.drawsPlumbing,
    depth: graphView.depth,
  };
  const result = useQuery(graphView.trace && selected && drawing ? JSON.stringify([model, parameters]) : null, () =>
    api.trace(model, parameters),
  );
  return useMemo(() => {
    if (!result.answer || !graphView.trace) return { lit: null, summary: result.error };
    const { lit, total, direction } = result.answer;
    const what = { inputs: "feed it", outputs: "are fed by it", paths: "lie between them" }[direction];
    return {
      lit: new Set(lit.flatMap(({ scope, items }) => items.map((id) => `${scope}\n${id}`))),
      summary: `${plural(total, "op")} ${what}`,
    };
  }, [result.answer, result.error, graphView.trace]);
}
