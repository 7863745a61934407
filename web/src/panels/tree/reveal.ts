// What was selected by name (a search, a finding, a link of the inspector) is shown in the trees: the scopes above it are opened.

import { useEffect } from "preact/hooks";
import { api } from "../../lib/api";
import { above, at, go, joined, reached } from "../../app/state";
import { standsFor } from "./lines";
import type { Kind } from "./pages";

export function useReveal(): void {
  const name = reached.value;
  const { model } = at.value;
  useEffect(() => {
    if (!name || !model || at.value.selectedIn) return;
    let isStale = false;
    void treeOf(model, at.value.tree, name).then((tree) => {
      if (isStale || !tree) return;
      const { openOps, openVariables } = at.value; // a hand may have opened something meanwhile
      go(
        tree === "ops"
          ? { tree, openOps: joined(openOps, above(name)) }
          : { tree, openVariables: joined(openVariables, above(name)) },
        true,
      );
    });
    return () => {
      isStale = true;
    };
  }, [name, model]);
}

// The tree that has a name: the one that is looked at, where both do.
async function treeOf(model: string, first: Kind, name: string): Promise<Kind | null> {
  for (const kind of [first, first === "ops" ? "variables" : "ops"] as const)
    if (await hasWay(model, kind, name).catch(() => false)) return kind;
  return null;
}

async function hasWay(model: string, kind: Kind, name: string): Promise<boolean> {
  let scope = "";
  for (const path of [...above(name), name]) {
    if (!(await hasChild(model, kind, scope, path, path !== name))) return false;
    scope = path;
  }
  return true;
}

async function hasChild(
  model: string,
  kind: Kind,
  scope: string,
  path: string,
  mustBeScope: boolean,
): Promise<boolean> {
  for (let offset = 0, total = 1; offset < total;) {
    const page = await api.tree(model, kind, scope, offset);
    if (page.rows.some((row) => standsFor(row, path) && (row.is_scope || !mustBeScope))) return true;
    total = page.rows.length ? page.total : 0;
    offset += page.rows.length;
  }
  return false;
}
