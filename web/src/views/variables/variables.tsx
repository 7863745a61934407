// The variables as a table that the server sorts and filters, beside a treemap of their parameters.

import { useEffect, useState } from "preact/hooks";
import { api } from "../../lib/api";
import { useQuery } from "../../lib/use_query";
import { csv, download } from "../../lib/download";
import { COLUMNS } from "../../lib/declared";
import { bytes, plural, shape } from "../../lib/format";
import { inScope } from "../../lib/query_terms";
import { route, navigate } from "../../app/route";
import type { TableLine } from "../../lib/schema";
import { type Column, isNumber } from "./columns";
import { readOrder, writeOrder, type Order } from "./order";
import { Table } from "./table";
import { Treemap } from "./treemap";

const PAGE = 200;
const CELLS = 5000; // of the treemap: more are smaller than a pixel

export function Variables() {
  const { model, filter } = route.value;
  const order = readOrder(filter);
  const parameters = { q: order.query, sort: order.sort, descending: order.descending, attached: order.attached };
  const key = JSON.stringify([model, parameters]);
  const result = useQuery(model ? key : null, () => api.variables(model, { ...parameters, limit: PAGE }), "variables");
  const [rows, setRows] = useState<TableLine[]>(result.answer?.rows ?? []);
  const largest = { ...parameters, sort: "parameters", descending: true, limit: CELLS };
  const all = useQuery(model ? JSON.stringify([model, largest]) : null, () => api.variables(model, largest), "treemap");
  const set = (change: Partial<Order>, keep = false) => navigate({ filter: writeOrder({ ...order, ...change }) }, keep);

  useEffect(() => {
    if (result.answer) setRows(result.answer.rows);
  }, [result.answer]);

  async function more() {
    const before = rows.length;
    const page = await api.variables(model, { ...parameters, offset: before, limit: PAGE });
    setRows((known) => (known.length === before ? [...known, ...page.rows] : known));
  }

  const sortBy = (column: Column) =>
    set({
      sort: column,
      descending:
        order.sort === column
          ? !order.descending
          : COLUMNS.some(({ key, format }) => key === column && isNumber(format)),
    });
  const total = result.answer?.total ?? 0;
  return (
    <section class="view sized" aria-label="Variables">
      <div class="bar">
        <Filter query={order.query} onChange={(query) => set({ query }, true)} />
        <label>
          <input
            type="checkbox"
            checked={order.attached}
            onChange={(event) => set({ attached: event.currentTarget.checked })}
          />
          auxiliary variables too
        </label>
        <button onClick={() => void save(model, parameters, "csv")}>CSV</button>
        <button onClick={() => void save(model, parameters, "json")}>JSON</button>
        <span class="grow" />
        {result.answer && (
          <span class="quiet">
            {plural(total, "variable")} · {plural(result.answer.parameters, "parameter")} ·{" "}
            {bytes(result.answer.size_bytes)}
          </span>
        )}
      </div>
      {result.error && <p class="trouble">{result.error}</p>}
      {result.answer && total === 0 && (
        <p class="empty">{order.query ? "No variable fits this filter." : "This artifact holds no variable."}</p>
      )}
      {total > 0 && (
        <div class="beside">
          {all.answer && all.answer.total > 0 && (
            <Treemap
              rows={all.answer.rows}
              total={all.answer.total}
              onEnter={(scope) => set({ query: inScope(scope) })}
            />
          )}
          <Table key={key} rows={rows} total={total} order={order} onSort={sortBy} onEnd={() => void more()} />
        </div>
      )}
    </section>
  );
}

function Filter({ query, onChange }: { query: string; onChange: (query: string) => void }) {
  const [text, setText] = useState(query);
  useEffect(() => setText(query), [query]);
  useEffect(() => {
    const waiting = setTimeout(() => text !== query && onChange(text), 200);
    return () => clearTimeout(waiting);
  }, [text]);
  return (
    <input
      type="search"
      aria-label="Filter the variables"
      placeholder="filter: shape:[...,256] parameters:>1000"
      value={text}
      onInput={(event) => setText(event.currentTarget.value)}
    />
  );
}

async function save(model: string, parameters: Record<string, string | boolean>, kind: "csv" | "json"): Promise<void> {
  const rows: TableLine[] = [];
  for (let total = 1; rows.length < total;) {
    const page = await api.variables(model, { ...parameters, offset: rows.length, limit: CELLS });
    total = page.total;
    rows.push(...page.rows);
    if (!page.rows.length) break;
  }
  const cells = rows.map((row) => Object.fromEntries(COLUMNS.map(({ key }, index) => [key, row.cells[index]])));
  const lines = () => cells.map((row) => ({ ...row, shape: shape(row.shape as (number | null)[] | null) }));
  const keys = COLUMNS.map(({ key }) => key);
  download(
    `variables.${kind}`,
    kind === "json" ? JSON.stringify(cells, null, 2) : csv<Record<string, unknown>>(keys, lines()),
  );
}
