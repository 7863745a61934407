// The search language in a report, over what the file holds: as `scopeview find` reads it (`analysis/query.py`).

import { COLUMNS, ROLES, type Format } from "./declared";
import type { Cell } from "./format";

export class QueryError extends Error {}

export interface Query {
  words: string[]; // anywhere in a name, in any case
  terms: [field: string, value: string][];
}

export interface Named {
  name: string;
  role?: string;
  type: string;
  dtype: string | null;
  shape: readonly (number | null)[] | null;
  shape_known: boolean;
  device: string;
}

export const OF_OPS = ["name", "op", "dtype", "device", "role", "scope", "shape", "in"];
const AT_THE_SERVER = ["time", "flops", "collection"]; // of ops: a report does not hold them one by one
const OF_VARIABLES = COLUMNS.flatMap(({ search }) => (search ? [search as string] : []));

export function parseQuery(text: string): Query {
  const query: Query = { words: [], terms: [] };
  for (const piece of text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? []) {
    const plain = piece.replace(
      /"([^"]*)"|'([^']*)'/g,
      (_, double?: string, single?: string) => double ?? single ?? "",
    );
    const [, field, value] = /^([a-z]+):([\s\S]*)$/.exec(plain) ?? [];
    if (field === undefined || value === undefined) query.words.push(plain);
    else query.terms.push(checked(field, value));
  }
  return query;
}

function checked(field: string, value: string): [string, string] {
  const known = [...new Set([...OF_OPS, ...OF_VARIABLES])];
  if (!known.includes(field))
    throw new QueryError(`there is no search field '${field}'; the fields are ${known.join(", ")}`);
  if (!value) throw new QueryError(`the search field ${field}: needs a value`);
  if (field === "in" && value !== "ops" && value !== "variables")
    throw new QueryError(`in:${value} is not known; it is in:ops or in:variables`);
  if (field === "role" && !ROLES.some((role) => globFits(value, role, "i")))
    throw new QueryError(`role:${value} is not known; the roles are ${ROLES.join(", ")}`);
  const format = COLUMNS.find(({ search }) => search === field)?.format;
  if (format === "shape") shapePattern(value);
  if (format && FORMATS_OF_NUMBERS.includes(format)) condition(field, value);
  return [field, value];
}

const valuesOf = (query: Query, field: string) =>
  query.terms.filter(([name]) => name === field).map(([, value]) => value);
const asks = (query: Query, fields: readonly string[]) => query.terms.some(([field]) => fields.includes(field));

export function wantsOps(query: Query): boolean {
  const ofVariables = OF_VARIABLES.filter((field) => !OF_OPS.includes(field) && !AT_THE_SERVER.includes(field));
  return !asks(query, ofVariables) && !valuesOf(query, "in").includes("variables");
}

// Fields of ops that only a server can look at.
export function unanswered(query: Query): string[] {
  return wantsOps(query) ? AT_THE_SERVER.filter((field) => asks(query, [field])) : [];
}

export const fitsVariables = (query: Query): boolean =>
  !asks(query, ["op", "role"]) && !valuesOf(query, "in").includes("ops");

export const wantsVariables = (query: Query): boolean =>
  fitsVariables(query) && !(wantsOps(query) && asks(query, ["time", "flops"]));

export function opFits(query: Query, op: Named): boolean {
  return (
    nameFits(query, op.name) &&
    query.terms.every(([field, value]) => {
      if (field === "op") return globFits(value, op.type, "i");
      if (field === "role") return globFits(value, op.role ?? "", "i");
      if (field === "dtype") return op.dtype !== null && globFits(value, op.dtype, "i");
      if (field === "device") return globFits(value, op.device, "i");
      if (field === "shape") return op.shape_known && shapeFits(value, op.shape);
      return true;
    })
  );
}

export function variableFits(query: Query, name: string, cells: readonly Cell[]): boolean {
  return (
    nameFits(query, name) &&
    query.terms.every(([field, value]) => {
      const index = COLUMNS.findIndex(({ search }) => search === field && search !== "name");
      return index < 0 || cellFits(field, value, cells[index] ?? null, COLUMNS[index]!.format);
    })
  );
}

function nameFits(query: Query, name: string): boolean {
  const folded = name.toLowerCase();
  return (
    query.words.every((word) => folded.includes(word.replace(/:\d+$/, "").toLowerCase())) &&
    valuesOf(query, "name").every((glob) => globFits(glob, name)) &&
    valuesOf(query, "scope").every((scope) => liesIn(name, scope))
  );
}

export function liesIn(name: string, path: string): boolean {
  const scope = path.replace(/\/+$/, "");
  if (!/[*?]/.test(scope)) return name === scope || name.startsWith(`${scope}/`);
  const parts = name.split("/");
  return parts.some((_, end) => globFits(scope, parts.slice(0, end + 1).join("/")));
}

function cellFits(field: string, value: string, cell: Cell, format: Format): boolean {
  switch (format) {
    case "name":
      return globFits(value, String(cell));
    case "names":
      return (cell as readonly string[]).some((one) => globFits(value, one));
    case "word":
      return globFits(value, String(cell ?? ""), "i");
    case "shape":
      return shapeFits(value, cell as readonly (number | null)[] | null);
    case "yes_no":
      return cell === (value === "yes");
    default:
      return cell !== null && condition(field, value)(Number(cell));
  }
}

const globs = new Map<string, string[]>();

// In a glob `*` stands for any characters, "/" too, and `?` for one. It is compared piece by piece: a pattern of many `*`
// would take a regular expression for ever.
export function globFits(glob: string, text: string, flags: "" | "i" = ""): boolean {
  const [pattern, subject] = flags ? [glob.toLowerCase(), text.toLowerCase()] : [glob, text];
  let pieces = globs.get(pattern);
  if (!pieces) globs.set(pattern, (pieces = pattern.split(/\*+/)));
  const first = pieces[0]!;
  if (!pieceAt(first, subject, 0)) return false;
  if (pieces.length === 1) return subject.length === first.length;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    while (at + piece.length <= subject.length && !pieceAt(piece, subject, at)) at += 1;
    at += piece.length;
  }
  const last = pieces.at(-1)!;
  return at + last.length <= subject.length && pieceAt(last, subject, subject.length - last.length);
}

function pieceAt(piece: string, text: string, at: number): boolean {
  if (at + piece.length > text.length) return false;
  for (let index = 0; index < piece.length; index += 1)
    if (piece[index] !== "?" && piece[index] !== text[at + index]) return false;
  return true;
}

function shapePattern(text: string): string[] {
  const inner = /^\[(.*)\]$/.exec(text.trim())?.[1];
  if (inner === undefined) throw new QueryError(`the shape '${text}' must stand in brackets, such as [3,*]`);
  return inner.trim() ? inner.split(",").map((size) => size.trim()) : [];
}

function shapeFits(text: string, shape: readonly (number | null)[] | null): boolean {
  const pattern = shapePattern(text);
  if (shape === null) return pattern.join() === "...";
  const fits = (wanted: string[], sizes: readonly (number | null)[]) =>
    wanted.length === sizes.length &&
    wanted.every((one, index) => one === "*" || (sizes[index] === null ? one === "?" : String(sizes[index]) === one));
  const open = pattern.indexOf("...");
  if (open < 0) return fits(pattern, shape);
  const [head, end] = [pattern.slice(0, open), pattern.slice(open + 1)];
  if (head.length + end.length > shape.length) return false;
  return fits(head, shape.slice(0, head.length)) && fits(end, shape.slice(shape.length - end.length));
}

const FORMATS_OF_NUMBERS: readonly Format[] = ["count", "short", "bytes", "time"];
const UNITS: Record<string, Record<string, number>> = {
  time: { us: 1, ms: 1e3, s: 1e6 },
  flops: { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
};

function condition(field: string, text: string): (number: number) => boolean {
  const [, compare, digits, unit] = /^(>=|<=|>|<|=|)(\d{1,18}(?:\.\d{1,9})?)([A-Za-z]{0,2})$/.exec(text) ?? [];
  const factor = (UNITS[field] ?? { "": 1 })[unit ?? "none"];
  if (digits === undefined || factor === undefined)
    throw new QueryError(`'${text}' is no condition on a number; write ${field}:>1${field === "time" ? "ms" : ""}`);
  const bound = Number(digits) * factor;
  return (number) => {
    if (compare === ">") return number > bound;
    if (compare === ">=") return number >= bound;
    if (compare === "<") return number < bound;
    if (compare === "<=") return number <= bound;
    return number === bound;
  };
}
