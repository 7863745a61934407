// What was selected by name (a search, a finding, a link of the inspector) is shown in the trees: the scopes above it are opened.

import { useEffect } from "preact/hooks";
import { api } from "../../lib/api";
import { ancestors, route, navigate, union, pendingTreeReveal } from "../../app/route";
import { standsFor } from "./lines";
import type { Kind } from "./pages";

export function useReveal(): void {
  const name = pendingTreeReveal.value;
  const { model } = route.value;
  useEffect(() => {
    if (!name || !model || route.value.selectedIn) return;
    let isStale = false;
    void treeOf(model, route.value.tree, name).then((tree) => {
      if (isStale || !tree) return;
      const { openOps, openVariables } = route.value; // a hand may have opened something meanwhile
      navigate(
        tree === "ops"
          ? { tree, openOps: union(openOps, ancestors(name)) }
          : { tree, openVariables: union(openVariables, ancestors(name)) },
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
  for (const path of [...ancestors(name), name]) {
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
