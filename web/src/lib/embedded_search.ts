// Search and the table of variables in a report: what the file holds is looked through here, for there is no server.

import { COLUMNS, ROLES } from "./declared";
import {
  QueryError,
  fitsVariables,
  opFits,
  parseQuery,
  unanswered,
  variableFits,
  wantsOps,
  wantsVariables,
  type Named,
  type Query,
} from "./embedded_query";
import { plural } from "./format";
import type { FindResult, Hit, TableLine, VariableTablePage } from "./schema";

export type Lookup = (path: string, parameters: Record<string, string>) => unknown; // an answer that the file holds

export interface Index {
  ops: (Hit & Named & { role: string })[];
  variables: VariableTablePage | null; // auxiliary variables too
  missing: number; // ops whose names the file does not hold
}

const NAMES = 5000; // of one answer: report_questions.py
const CELLS = { sort: "parameters", descending: "true", limit: "5000" };

// Reads the names of one model; `of` is `models/ID/`.
export function indexOf(of: string, lookup: Lookup): Index {
  const index: Index = { ops: [], variables: tableOf(of, true, lookup), missing: 0 };
  for (const role of ROLES) {
    let total = 0;
    let held = 0;
    for (let offset = 0; offset <= total; offset += NAMES) {
      const page = lookup(`${of}find`, { q: `role:${role}`, offset: String(offset), limit: String(NAMES) });
      if (!page) break;
      const { hits, ops } = page as FindResult;
      index.ops.push(...hits.map((hit) => ({ ...hit, role })));
      total = ops;
      held += hits.length;
    }
    index.missing += total - held;
  }
  return index;
}

function tableOf(of: string, attached: boolean, lookup: Lookup): VariableTablePage | null {
  return lookup(`${of}variables`, { ...CELLS, attached: String(attached) }) as VariableTablePage | null;
}

export function find(index: Index, text: string, offset: number, limit: number, command: string): FindResult {
  const empty: FindResult = {
    query: text,
    hits: [],
    variables: 0,
    ops: 0,
    offset,
    scopes: [],
    total_scopes: 0,
    hints: [],
    program: "",
    near: [],
  };
  let query: Query;
  try {
    query = parseQuery(text);
  } catch (error) {
    if (error instanceof QueryError) return { ...empty, hints: [error.message] };
    throw error;
  }
  const asked = unanswered(query);
  const rows = wantsVariables(query) ? (index.variables?.rows ?? []).filter((row) => rowFits(query, row)) : [];
  const ops = wantsOps(query) && !asked.length ? index.ops.filter((op) => opFits(query, op)) : [];
  const hits = [
    ...ranked(rows, query.words, () => false).map(hitOf),
    ...ranked(ops, query.words, (op) => op.role !== "forward"),
  ];
  const scopes = scopesOf(query, rows, ops);
  return {
    ...empty,
    hits: hits.slice(offset, offset + limit),
    variables: rows.length,
    ops: ops.length,
    scopes: scopes.slice(0, limit),
    total_scopes: scopes.length,
    hints: hintsOf(index, asked, command),
  };
}

function hintsOf(index: Index, asked: string[], command: string): string[] {
  const table = index.variables;
  const left = (table ? table.total - table.rows.length : 0) + index.missing;
  return [
    ...(asked.length
      ? [`This report does not hold what ${asked.join(": and ")}: ask of ops. To see it: ${command}`]
      : []),
    ...(left ? [`This report does not hold ${plural(left, "name")}. To search them: ${command}`] : []),
  ];
}

const rowFits = (query: Query, row: TableLine) => variableFits(query, row.name, row.cells);

function cellOf(row: TableLine, key: string): unknown {
  return row.cells[COLUMNS.findIndex((column) => column.key === key)];
}

function hitOf(row: TableLine): Hit {
  return {
    what: "variable",
    name: row.name,
    function: "",
    type: String(cellOf(row, "kind")),
    dtype: String(cellOf(row, "dtype")),
    shape: cellOf(row, "shape") as Hit["shape"],
    shape_known: true,
    device: String(cellOf(row, "device")),
  };
}

// The order of `analysis/answers/ranking.py`: ends of paths first, and what trains, saves or initializes last.
function ranked<Named extends { name: string }>(
  found: Named[],
  words: string[],
  isMachinery: (one: Named) => boolean,
): Named[] {
  const key = (one: Named): [number, number, number] => {
    const place = Math.max(0, ...words.map((word) => rank(`/${one.name.toLowerCase()}/`, word.toLowerCase())));
    return [place > 0 && isMachinery(one) ? 1 : 0, place, one.name.split("/").length];
  };
  const keyed = found.map((one) => [words.length ? key(one) : [0, 0, 0], one] as const);
  return keyed
    .sort(([a, one], [b, two]) => a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]! || byPath(one.name, two.name))
    .map(([, one]) => one);
}

// The order of names, in which "/" is smallest.
function byPath(a: string, b: string): number {
  const [one, two] = [a.replaceAll("/", "\u0000"), b.replaceAll("/", "\u0000")];
  return one < two ? -1 : one > two ? 1 : 0;
}

function rank(path: string, word: string): number {
  const part = word.replace(/^\/+|\/+$/g, "");
  if (path === `/${part}/`) return 0;
  if (path.endsWith(`/${part}/`)) return 1;
  if (path.includes(`/${part}/`)) return 2;
  return path.includes(`/${part}`) ? 3 : 4;
}

// Scopes whose last segment holds the words, shortest path first; for words and `in:` alone.
function scopesOf(query: Query, ...named: readonly { name: string }[][]): string[] {
  if (!query.words.length || query.terms.some(([field]) => field !== "in")) return [];
  const words = query.words.map((word) => word.toLowerCase().replace(/^\/+|\/+$/g, ""));
  const leaf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  const found = new Set<string>();
  for (const { name } of named.flat())
    for (let end = name.indexOf("/"); end > 0; end = name.indexOf("/", end + 1)) {
      const folded = name.slice(0, end).toLowerCase();
      if (words.every((word) => folded.includes(word) && leaf(folded).includes(leaf(word))))
        found.add(name.slice(0, end));
    }
  const depth = (path: string) => path.split("/").length;
  return [...found].sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
}

// A page of the table of variables: filtered, in another order, or further on than those that the file holds.
export function variablesIn(of: string, asked: Record<string, string>, lookup: Lookup): VariableTablePage | null {
  const table = tableOf(of, asked.attached === "true", lookup);
  if (!table || table.rows.length < table.total) return null;
  const query = parseQuery(asked.q ?? "");
  const rows = fitsVariables(query) ? table.rows.filter((row) => rowFits(query, row)) : [];
  const sort = COLUMNS.find(({ key }) => key === (asked.sort ?? "name")) ?? COLUMNS[0];
  const way = asked.descending === "true" ? -1 : 1;
  rows.sort((a, b) => byPath(a.name, b.name));
  rows.sort((a, b) => way * compared(orderOf(cellOf(a, sort.key)), orderOf(cellOf(b, sort.key))));
  const sum = (key: string) => rows.reduce((total, row) => total + Number(cellOf(row, key) ?? 0), 0);
  const offset = Number(asked.offset ?? 0);
  return {
    ...table,
    rows: rows.slice(offset, offset + Number(asked.limit ?? 200)),
    total: rows.length,
    offset,
    parameters: sum("parameters"),
    size_bytes: sum("size_bytes"),
  };
}

type Ordered = (string | number)[];

function orderOf(cell: unknown): Ordered {
  if (Array.isArray(cell)) return cell.map((one: string | number | null) => one ?? 0);
  if (typeof cell === "boolean") return [1 + Number(cell)];
  return [(cell as string | number | null) ?? 0];
}

function compared(a: Ordered, b: Ordered): number {
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const [one, two] = [a[index]!, b[index]!];
    if (one !== two) return one < two ? -1 : 1;
  }
  return a.length - b.length;
}
