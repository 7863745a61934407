// What is known of a tree so far: a page of children for every scope that is open in it.

import { useEffect, useRef, useState } from "preact/hooks";
import { api, pending } from "../../lib/api";
import { reconnects, current } from "../../app/open_models";
import { union } from "../../app/route";
import { errorMessage } from "../../lib/api";
import type { FindingsByScope } from "../../lib/schema";
import type { More, TreePages } from "./lines";

export type Kind = "ops" | "variables";

export interface Known {
  pages: TreePages;
  error: string;
  more: (entry: More) => Promise<void>;
  unfolded: string[]; // scopes whose twins are shown one by one
  fold: (scope: string, isFolded: boolean) => void;
}

export function usePages(model: string, kind: Kind, opened: string[]): Known {
  const [pages, setPages] = useState<TreePages>(new Map());
  const [unfolded, setUnfolded] = useState<string[]>([]);
  const [error, setError] = useState("");
  const asked = useRef(new Set<string>()); // what is on its way
  const subject = `${model} ${kind} ${current.value?.revision ?? 0} ${reconnects.value}`;
  const latest = useRef(subject);
  latest.current = subject;
  useEffect(() => setError(""), [subject]);
  useEffect(() => {
    setUnfolded([]);
    setPages(new Map());
  }, [model, kind]);

  useEffect(() => {
    // A scope is asked for when its own row is there: the other side of a diff may have opened it, and this tree lack it.
    const rows = [...pages.values()].flatMap((page) => page.rows);
    const scopes = new Set(rows.filter((row) => row.is_scope).map((row) => row.path));
    for (const scope of ["", ...opened.filter((path) => scopes.has(path))]) {
      const fold = !unfolded.includes(scope);
      const question = `${subject} ${fold} ${scope}`;
      const known = pages.get(scope); // what is old stays until the new is there: a hand may be walking it
      if ((known?.fold === fold && known.subject === subject) || asked.current.has(question)) continue;
      asked.current.add(question);
      const isWanted = () => latest.current === subject;
      void api
        .tree(model, kind, scope, 0, fold)
        .then(
          (page) => isWanted() && setPages((known) => new Map(known).set(scope, { ...page, fold, subject })),
          (problem) => isWanted() && scope === "" && setError(errorMessage(problem)),
        )
        .finally(() => asked.current.delete(question));
    }
  }, [subject, opened.join("\n"), unfolded, pages]);

  const fold = (scope: string, isFolded: boolean) =>
    setUnfolded((known) => (isFolded ? known.filter((other) => other !== scope) : union(known, [scope])));

  // A twin that is open stands behind the first of them until all are shown one by one.
  useEffect(() => {
    const isOpen = new Set(opened);
    for (const [scope, page] of pages)
      if (page.fold && page.rows.some((row) => row.members.some((twin) => twin !== row.path && isOpen.has(twin))))
        fold(scope, false);
  }, [opened.join("\n"), pages]);

  async function more(entry: More) {
    const page = await api.tree(model, kind, entry.scope, entry.shown, !unfolded.includes(entry.scope));
    setPages((known) => {
      const before = known.get(entry.scope);
      if (before?.rows.length !== entry.shown) return known; // asked for twice
      return new Map(known).set(entry.scope, { ...before, rows: [...before.rows, ...page.rows] });
    });
  }
  return { pages, error, more, unfolded, fold };
}

// Findings take the rules some time, and nobody waits for them: they are asked for when all else is answered.
export function useFindings(
  model: string,
  kind: Kind,
  pages: TreePages,
  isWanted: boolean,
): Map<string, FindingsByScope["children"]> {
  const [findings, setFindings] = useState<Map<string, FindingsByScope["children"]>>(new Map());
  const looked = useRef(new Set<string>()); // scopes whose findings are asked for
  const revision = current.value?.revision ?? 0;
  useEffect(() => {
    setFindings(new Map());
    looked.current.clear();
  }, [model, kind, revision]);
  const isQuiet = pending.value === 0 && isWanted;
  useEffect(() => {
    const wanted = isQuiet ? [...pages.keys()].filter((scope) => !looked.current.has(scope)) : [];
    for (const scope of wanted) looked.current.add(scope);
    for (const scope of wanted)
      api.findings(model, scope).then(
        (found) => setFindings((known) => new Map(known).set(scope, found.children)),
        () => undefined,
      );
  }, [isQuiet, pages]);
  return findings;
}
