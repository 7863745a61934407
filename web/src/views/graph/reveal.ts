// What must be opened so that a name can be seen: the scopes above it, the groups that they are folded in, and what is hidden by role.

import { ancestors } from "../../app/route";
import type { GraphItem } from "../../lib/schema";
import { fetchSubgraph, type GraphQuery } from "./store";

export interface Openings {
  openOps: string[];
  unfolded: string[];
  shown: string[];
}

export async function openingsTo(name: string, question: GraphQuery): Promise<Openings> {
  const found: Openings = { openOps: [], unfolded: [], shown: [] };
  const paths = [...ancestors(name), name];
  let scope = "";
  for (const path of paths) {
    const query = {
      ...question,
      unfolded: [...question.unfolded, ...found.unfolded],
      shown: [...question.shown, ...found.shown],
    };
    const picture = await fetchSubgraph(query, scope);
    let item = holding(picture.items, path);
    if (!item && path !== name && picture.items.some(isLong)) {
      item = holding((await fetchSubgraph({ ...query, unfolded: [...query.unfolded, path] }, scope)).items, path);
      if (item) found.unfolded.push(path);
    }
    if (!item) break;
    if (item.hidden_by !== null) found.shown.push(path);
    if (path === name) break;
    if (item.total_members > 1) found.unfolded.push(path);
    if (item.total_members === 1 && !item.can_open) break; // an op, with what is listed with it
    found.openOps.push(path);
    scope = path;
  }
  return found;
}

// A group that does not name all that it stands for.
function isLong(item: GraphItem): boolean {
  return item.total_members > Math.max(1, item.members.length);
}

// The item that a path is listed with: itself, or a group of which it is one.
function holding(items: GraphItem[], path: string): GraphItem | undefined {
  return items.find((item) => [item.path, ...item.members, ...item.plumbing].includes(path));
}
