// The lines of a tree: the pages of all opened scopes, one below the other, and the ways to walk them.

import type { TreePage, TreeRow } from "../../lib/schema";

export interface Line {
  row: TreeRow;
  depth: number;
  isOpen: boolean;
  position: number; // among its siblings, from 1
  of: number; // siblings, itself one of them
}

export interface More {
  scope: string;
  depth: number;
  shown: number;
  total: number;
}

export type Entry = Line | More;
export type TreePages = Map<string, TreePage & { fold: boolean; subject: string }>; // by scope; whether its numbered twins are shown as one, and of what

export const isMore = (entry: Entry): entry is More => !("row" in entry);

// A row stands for its own path, and for those of the twins that are listed with it.
export const standsFor = (row: TreeRow, path: string): boolean => row.path === path || row.members.includes(path);

export function flatten(pages: TreePages, opened: string[]): Entry[] {
  const entries: Entry[] = [];
  const isOpen = new Set(opened);
  const stack: { scope: string; depth: number; index: number }[] = [{ scope: "", depth: 0, index: 0 }];
  while (stack.length) {
    const place = stack[stack.length - 1]!;
    const page = pages.get(place.scope);
    const row = page?.rows[place.index];
    if (!page || !row) {
      if (page && page.rows.length < page.total)
        entries.push({ scope: place.scope, depth: place.depth, shown: page.rows.length, total: page.total });
      stack.pop();
      continue;
    }
    place.index += 1;
    const open = row.is_scope && isOpen.has(row.path);
    entries.push({ row, depth: place.depth, isOpen: open, position: place.index, of: page.total });
    if (open) stack.push({ scope: row.path, depth: place.depth + 1, index: 0 });
  }
  return entries;
}

// The line of the scope that a line stands in; a line of the root stays where it is.
export function lastBefore(entries: Entry[], from: number, depth: number): number {
  if (depth === 0) return from;
  let index = from - 1;
  while (index > 0 && (isMore(entries[index]!) || (entries[index] as Line).depth >= depth)) index -= 1;
  return Math.max(0, index);
}

export function byTyping(
  entries: Entry[],
  from: number,
  key: string,
  typed: { text: string; time: number },
): number | undefined {
  const now = Date.now();
  typed.text = now - typed.time > 700 ? key : typed.text + key;
  typed.time = now;
  const wanted = typed.text.toLowerCase();
  for (let step = wanted.length > 1 ? 0 : 1; step <= entries.length; step += 1) {
    const index = (from + step) % entries.length;
    const entry = entries[index]!;
    if (!isMore(entry) && entry.row.label.toLowerCase().startsWith(wanted)) return index;
  }
  return undefined;
}
