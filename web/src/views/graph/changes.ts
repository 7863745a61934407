// A diff in the drawing: what another graph says of each box, and what only that graph has.

import { useMemo } from "preact/hooks";
import { api } from "../../lib/api";
import { useQuery } from "../../lib/use_query";
import { route } from "../../app/route";
import type { PictureChanges } from "../../lib/schema";
import type { Drawing } from "./store";

export interface Change {
  kind: "gone" | "new" | "changed" | "renamed";
  summary: string; // +2 −1 ~3
}

export interface Changes {
  byKey: Map<string, Change>;
  onlyInOther: { scope: string; paths: string[]; total: number }[];
  error: string;
}

const NONE: Changes = { byKey: new Map(), onlyInOther: [], error: "" };

export function useChanges(drawing: Drawing | undefined): Changes {
  const { model, graphView } = route.value;
  const scopes = drawing?.subgraphs.map((picture) => picture.scope) ?? [];
  const parameters = {
    role: graphView.roles,
    show: graphView.shown,
    unfold: graphView.unfolded,
    hide: graphView.hidden,
    only: graphView.only,
    items: graphView.items,
    plumbing: graphView.drawsPlumbing,
  };
  const result = useQuery(
    graphView.against && drawing && !graphView.function
      ? JSON.stringify([model, graphView.against, scopes, parameters])
      : null,
    () => Promise.all(scopes.map((scope) => api.diffGraph(model, graphView.against, { ...parameters, scope }))),
  );
  const found = useMemo(
    () => (graphView.against && result.answer ? changesOf(result.answer) : NONE),
    [result.answer, graphView.against],
  );
  return { ...found, error: result.error };
}

function changesOf(answers: PictureChanges[]): Omit<Changes, "error"> {
  const byKey = new Map<string, Change>();
  for (const { scope, items } of answers) {
    for (const { id, gone, changed, renamed, new: added } of items) {
      const signs = [
        [added, "+"],
        [gone, "−"],
        [changed, "~"],
        [renamed, "→"],
      ] as const;
      const kind = changed || (gone && added) ? "changed" : gone ? "gone" : added ? "new" : "renamed";
      byKey.set(`${scope}\n${id}`, {
        kind,
        summary: signs
          .filter(([number]) => number)
          .map(([number, sign]) => `${sign}${number}`)
          .join(" "),
      });
    }
  }
  const onlyInOther = answers
    .filter((one) => one.total_new > 0)
    .map((one) => ({ scope: one.scope, paths: one.new, total: one.total_new }));
  return { byKey, onlyInOther };
}
