// A diff in the drawing: what another graph says of each box, and what only that graph has.

import { useMemo } from "preact/hooks";
import { api } from "../../lib/api";
import { useAsked } from "../../lib/use_query";
import { at } from "../../app/state";
import type { PictureChanges } from "../../lib/schema";
import type { Drawing } from "./store";

export interface Change {
  kind: "gone" | "new" | "changed" | "renamed";
  told: string; // +2 −1 ~3
}

export interface Changes {
  byKey: Map<string, Change>;
  strangers: { scope: string; paths: string[]; total: number }[];
  error: string;
}

const NONE: Changes = { byKey: new Map(), strangers: [], error: "" };

export function useChanges(drawing: Drawing | undefined): Changes {
  const { model, sight } = at.value;
  const scopes = drawing?.pictures.map((picture) => picture.scope) ?? [];
  const parameters = { role: sight.roles, show: sight.shown, unfold: sight.unfolded, items: sight.items };
  const asked = useAsked(
    sight.against && drawing && !sight.function ? JSON.stringify([model, sight.against, scopes, parameters]) : null,
    () => Promise.all(scopes.map((scope) => api.diffGraph(model, sight.against, { ...parameters, scope }))),
  );
  const found = useMemo(
    () => (sight.against && asked.answer ? told(asked.answer) : NONE),
    [asked.answer, sight.against],
  );
  return { ...found, error: asked.error };
}

function told(answers: PictureChanges[]): Omit<Changes, "error"> {
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
        told: signs
          .filter(([number]) => number)
          .map(([number, sign]) => `${sign}${number}`)
          .join(" "),
      });
    }
  }
  const strangers = answers
    .filter((one) => one.total_new > 0)
    .map((one) => ({ scope: one.scope, paths: one.new, total: one.total_new }));
  return { byKey, strangers };
}
