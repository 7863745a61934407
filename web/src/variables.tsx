// The variables as a table that the server sorts and filters, beside a treemap of their parameters.

import { hierarchy, treemap, treemapSquarify } from "d3-hierarchy";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "./api";
import { useAsked } from "./asked";
import { csv, download } from "./download";
import { bytes, count, leaf, parent, plural, printable, shape } from "./format";
import { SavePicture } from "./picture";
import { at, go } from "./state";
import type { TableRow } from "./schema";

// Key, heading, width; a column that would be empty on every row is left out.
const COLUMNS = [
  ["name", "name", "minmax(190px, 3fr)"], ["shape", "shape", "minmax(84px, 1fr)"], ["dtype", "dtype", "58px"],
  ["parameters", "parameters", "84px"], ["size_bytes", "bytes", "66px"], ["trainable", "trained", "60px"],
  ["uses", "used at", "58px"], ["call_sites", "scopes", "54px"], ["readers", "readers", "58px"], ["slots", "slots", "44px"],
  ["collections", "collections", "minmax(90px, 1fr)"], ["initializer", "initialiser", "minmax(90px, 1fr)"], ["device", "device", "70px"],
] as const;

type Column = (typeof COLUMNS)[number][0];

const NUMBERS: Column[] = ["parameters", "size_bytes", "uses", "call_sites", "readers", "slots"];

interface Order {
  sort: Column;
  descending: boolean;
  attached: boolean;
}

export function readOrder(text: string): Order {
  const words = text.split(" ");
  const sort = words.find((word) => word.startsWith("sort:"))?.slice(5) as Column | undefined;
  const isKnown = COLUMNS.some(([key]) => key === sort);
  return { sort: isKnown && sort ? sort : "name", descending: words.includes("down"), attached: words.includes("all") };
}

const writeOrder = (order: Order) =>
  [order.sort === "name" ? "" : `sort:${order.sort}`, order.descending ? "down" : "", order.attached ? "all" : ""]
    .filter(Boolean).join(" ");

const PAGE = 200;
const ROW = 26;

export function Variables() {
  const { model, filter } = at.value;
  const order = readOrder(filter);
  const [query, setQuery] = useState("");
  const [applied, setApplied] = useState("");
  const [rows, setRows] = useState<TableRow[]>([]);
  const [top, setTop] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const parameters = { q: applied, sort: order.sort, descending: order.descending, attached: order.attached };
  const key = JSON.stringify([model, parameters]);
  const asked = useAsked(model ? key : null, () => api.variables(model, { ...parameters, limit: PAGE }));
  const all = useAsked(model ? `treemap ${model}` : null, () => api.variables(model, { sort: "parameters", descending: true, limit: 5000 }));

  useEffect(() => {
    const waiting = setTimeout(() => setApplied(query), 200);
    return () => clearTimeout(waiting);
  }, [query]);
  useEffect(() => {
    if (asked.answer) setRows(asked.answer.rows);
    box.current?.scrollTo(0, 0);
  }, [asked.answer]);

  const total = asked.answer?.total ?? 0;
  const first = Math.max(0, Math.floor(top / ROW) - 10);
  const shown = rows.slice(first, first + 70);
  const columns = COLUMNS.filter(([column]) => column === "name" || rows.some((row) => told(row, column)));
  const grid = { gridTemplateColumns: columns.map(([, , width]) => width).join(" ") };

  async function onScroll(element: HTMLDivElement) {
    setTop(element.scrollTop);
    if (rows.length < total && element.scrollTop + 2 * element.clientHeight > rows.length * ROW) {
      const before = rows.length;
      const page = await api.variables(model, { ...parameters, offset: before, limit: PAGE });
      setRows((known) => (known.length === before ? [...known, ...page.rows] : known));
    }
  }

  function sortBy(column: Column) {
    const isSame = order.sort === column;
    const isNumber = NUMBERS.includes(column);
    go({ filter: writeOrder({ ...order, sort: column, descending: isSame ? !order.descending : isNumber }) });
  }

  return (
    <section class="view" aria-label="Variables">
      <div class="bar">
        <input
          type="search" aria-label="Filter the variables" placeholder="filter: trainable:yes shape:[*,256] shared:>1"
          value={query} onInput={(event) => setQuery(event.currentTarget.value)}
        />
        <label>
          <input type="checkbox" checked={order.attached} onChange={(event) => go({ filter: writeOrder({ ...order, attached: event.currentTarget.checked }) })} />
          slots and averages too
        </label>
        <button onClick={() => void save(model, parameters, "csv")}>CSV</button>
        <button onClick={() => void save(model, parameters, "json")}>JSON</button>
        <span class="grow" />
        {asked.answer && <span class="quiet">{plural(total, "variable")} · {plural(asked.answer.parameters, "parameter")} · {bytes(asked.answer.size_bytes)}</span>}
      </div>
      {asked.error && <p class="trouble">{asked.error}</p>}
      {all.answer && all.answer.total > 0 && <Treemap rows={all.answer.rows} total={all.answer.total} />}
      <div class="table" ref={box} onScroll={(event) => void onScroll(event.currentTarget)}>
          <div class="grid head" style={grid}>
            {columns.map(([column, label]) => (
              <button key={column} aria-label={`sort by ${label}`} class={order.sort === column ? "on" : ""} onClick={() => sortBy(column)}>
                {label}{order.sort === column ? (order.descending ? " ↓" : " ↑") : ""}
              </button>
            ))}
          </div>
          <div class="tall" style={{ height: `${rows.length * ROW}px` }}>
            {shown.map((row, place) => (
              <div
                key={row.name} class={`grid line ${row.name === at.value.selected ? "selected" : ""}`} tabIndex={0} role="button"
                style={{ ...grid, top: `${(first + place) * ROW}px` }} onClick={() => go({ selected: row.name })}
                onKeyDown={(event) => event.key === "Enter" && go({ selected: row.name })}
              >
                {columns.map(([column]) => {
                  const text = told(row, column);
                  return (
                    <span key={column} title={text} class={NUMBERS.includes(column) ? "number" : column === "name" || column === "shape" ? "mono" : "quiet"}>
                      {column === "name" ? <Path text={text} /> : column === "uses" && row.uses > 1 ? <b class="badge shared">{text}</b> : text}
                    </span>
                  );
                })}
              </div>
            ))}
          </div>
          {asked.answer && total === 0 && <p class="empty">No variable fits.</p>}
        </div>
    </section>
  );
}

// What is left out where a name does not fit is of its scope: the last segment says which variable it is.
function Path({ text }: { text: string }) {
  const scope = parent(text);
  return <span class="path"><span>{scope && `${scope}/`}</span><span class="leaf">{leaf(text)}</span></span>;
}

function told(row: TableRow, column: Column): string {
  switch (column) {
    case "name": return printable(row.name);
    case "shape": return shape(row.shape);
    case "dtype": return row.dtype;
    case "parameters": return count(row.parameters);
    case "size_bytes": return bytes(row.size_bytes);
    case "trainable": return row.trainable === null ? "" : row.trainable ? "yes" : "no";
    case "collections": return row.collections.map(printable).join(", ");
    case "initializer": return row.initializer ? row.initializer.resembles || row.initializer.kind : "";
    case "device": return printable(row.device);
    default: return row[column] ? count(row[column]) : "";
  }
}

interface Branch {
  path: string;
  children?: Branch[];
  size?: number;
}

function branches(rows: TableRow[]): Branch {
  const root: Branch = { path: "", children: [] };
  const scopes = new globalThis.Map<string, Branch>([["", root]]);
  for (const row of rows) {
    let above = root;
    const segments = row.name.split("/");
    for (let end = 1; end < segments.length; end += 1) {
      const path = segments.slice(0, end).join("/");
      let scope = scopes.get(path);
      if (!scope) {
        scope = { path, children: [] };
        scopes.set(path, scope);
        above.children!.push(scope);
      }
      above = scope;
    }
    above.children!.push({ path: row.name, size: row.parameters ?? 0 });
  }
  return root;
}

function Treemap({ rows, total }: { rows: TableRow[]; total: number }) {
  const [width, setWidth] = useState(700);
  const height = 150;
  const frame = useRef<HTMLElement>(null);
  const drawn = useRef<SVGSVGElement>(null);
  useEffect(() => {
    if (!frame.current) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(200, Math.floor(entry.contentRect.width))));
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  const cells = useMemo(() => {
    const root = hierarchy(branches(rows)).sum((branch) => branch.size ?? 0).sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
    return treemap<Branch>().size([width, height]).tile(treemapSquarify).paddingOuter(2).paddingTop((node) => (node.depth ? 13 : 0)).paddingInner(1)(root).descendants();
  }, [rows, width]);
  return (
    <figure class="treemap" ref={frame}>
      <figcaption class="quiet">parameters by variable scope{total > rows.length ? `: the ${count(rows.length)} largest of ${count(total)}` : ""} <SavePicture of={() => drawn.current} name="treemap" /></figcaption>
      <svg ref={drawn} width={width} height={height} role="group" aria-label="treemap of parameters">
        {cells.filter((cell) => cell.depth > 0 && cell.x1 - cell.x0 > 1 && cell.y1 - cell.y0 > 1).map((cell) => (
          <g key={`${cell.data.path} ${cell.depth}`} class={`cell depth${cell.depth % 4} ${cell.children ? "scope" : ""} ${cell.data.path === at.value.selected ? "selected" : ""}`}
             transform={`translate(${cell.x0} ${cell.y0})`} onClick={() => go({ selected: cell.data.path })}>
            <title>{`${cell.data.path}: ${count(cell.value ?? 0)} parameters`}</title>
            <rect width={cell.x1 - cell.x0} height={cell.y1 - cell.y0} />
            {cell.x1 - cell.x0 > 30 && cell.y1 - cell.y0 > 12 && (
              <text x="3" y="10">{clipped(leaf(cell.data.path), cell.x1 - cell.x0)}</text>
            )}
          </g>
        ))}
      </svg>
    </figure>
  );
}

function clipped(text: string, width: number): string {
  const room = Math.floor((width - 4) / 6);
  const shown = printable(text);
  return shown.length <= room ? shown : `${shown.slice(0, Math.max(1, room - 1))}…`;
}

const CSV = ["name", "shape", "dtype", "parameters", "size_bytes", "trainable", "uses", "call_sites", "readers", "slots", "device", "collections"] as const;

async function save(model: string, parameters: Record<string, string | boolean>, kind: "csv" | "json"): Promise<void> {
  const rows: TableRow[] = [];
  for (let total = 1; rows.length < total; ) {
    const page = await api.variables(model, { ...parameters, offset: rows.length, limit: 5000 });
    total = page.total;
    rows.push(...page.rows);
    if (!page.rows.length) break;
  }
  download(`variables.${kind}`, kind === "json" ? JSON.stringify(rows, null, 2) : csv(CSV, rows));
}
