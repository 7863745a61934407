// What the computation costs: the parts of a scope, or its ops, with time and memory of a recorded step, FLOPs and bytes.

import { useEffect, useRef, useState } from "preact/hooks";
import { current } from "../../app/open_models";
import { navigate, route } from "../../app/route";
import { api } from "../../lib/api";
import { COST_COLUMNS } from "../../lib/declared";
import { ancestors } from "../../app/route";
import { cell, leaf, plural, printable, shortCount, time, bytes } from "../../lib/format";
import { SaveTable } from "../../lib/save_table";
import type { CostReport, CostRow } from "../../lib/schema";
import { useQuery } from "../../lib/use_query";
import { useWindow } from "../../lib/virtual_list";
import { type Choice, readChoice, type Sort, writeChoice } from "./choice";

const ROW = 26;
const PAGE = 500;
const NARROW = 600; // px, in which the costs come before what else is known

export function Costs() {
  const { model, filter } = route.value;
  const choice = readChoice(filter);
  const { scope, sort, run, isByOp } = choice;
  const parameters = { scope, sort, run, by_op: isByOp };
  const key = JSON.stringify([model, parameters]);
  const hasGraph = (current.value?.ops ?? 0) > 0;
  const result = useQuery(
    model && hasGraph ? key : null,
    () => api.costs(model, { ...parameters, limit: PAGE }),
    "costs",
  );
  const [rows, setRows] = useState<CostRow[]>(result.answer?.rows ?? []);
  const report = result.answer;
  useEffect(() => {
    if (report) setRows(report.rows);
  }, [report]);
  const set = (change: Partial<Choice>) => navigate({ filter: writeChoice({ ...choice, ...change }) });
  async function more() {
    const page = await api.costs(model, { ...parameters, offset: rows.length, limit: PAGE });
    setRows((known) => (known.length === page.offset ? [...known, ...page.rows] : known));
  }
  return (
    <section class="view sized" aria-label="Costs">
      <div class="bar">
        <nav aria-label="Scope">
          {["", ...ancestors(scope), ...(scope ? [scope] : [])].map((path) => (
            <span key={path}>
              {path && " / "}
              {path === scope ? (
                <b class="mono">{path ? printable(leaf(path)) : "all ops"}</b>
              ) : (
                <button class="link mono" onClick={() => set({ scope: path })}>
                  {path ? printable(leaf(path)) : "all ops"}
                </button>
              )}
            </span>
          ))}
        </nav>
        <label>
          <input type="checkbox" checked={isByOp} onChange={(event) => set({ isByOp: event.currentTarget.checked })} />
          single ops
        </label>
        {report && report.runs.length > 1 && (
          <label>
            step{" "}
            <select aria-label="recorded step" value={report.run} onChange={(e) => set({ run: e.currentTarget.value })}>
              {report.runs.map((name) => (
                <option key={name} value={name}>
                  {printable(name)}
                </option>
              ))}
            </select>
          </label>
        )}
        <span class="grow" />
        {report && <SaveTable name="costs" answer={report} columns={COST_COLUMNS.map(({ key }) => key)} rows={rows} />}
      </div>
      {result.error && <p class="trouble">{result.error}</p>}
      {!hasGraph && <p class="empty">A checkpoint has no graph, so that nothing is computed: open its .meta or .pb.</p>}
      {hasGraph && !report && !result.error && <p class="quiet pad">Adding up…</p>}
      {report && <Totals report={report} />}
      {report && !rows.length && <p class="empty">Nothing here has a cost that is known.</p>}
      {report && rows.length > 0 && (
        <Table
          key={key}
          rows={rows}
          report={report}
          sort={sort || (report.run ? "time" : "flops")}
          onSort={(sort) => set({ sort })}
          onEnter={(scope) => set({ scope })}
          onEnd={() => rows.length < report.total_rows && void more()}
        />
      )}
    </section>
  );
}

// The heading of `scopeview costs`, and what its numbers leave out.
function Totals({ report }: { report: CostReport }) {
  const { total } = report;
  const parts = [
    plural(total.ops, "op"),
    total.time_us === null ? "no step was recorded" : `${time(total.time_us)} in the recorded step ${report.run}`,
    total.flops === null ? "" : `${shortCount(total.flops)} FLOPs${report.is_per_example ? " per example" : ""}`,
    total.output_bytes === null ? "" : `${bytes(total.output_bytes)} of outputs`,
    total.parameters ? plural(total.parameters, "parameter") : "",
  ];
  const names = report.unknown.slice(0, 3).map(printable).join(", ");
  const notes = [
    report.is_per_example ? "Unknown sizes, such as the batch, count as 1." : "",
    report.total_unknown
      ? `No shapes for ${plural(report.total_unknown, "op")} that compute much (${names}): the import may give them.`
      : "",
    report.too_large ? "This graph has too many ops to look at their shapes." : "",
    report.total_elsewhere
      ? `${plural(report.total_elsewhere, "op")} of the step are not in this graph, and took ${time(report.elsewhere_us)}.`
      : "",
  ];
  return (
    <div class="totals">
      <p>{printable(parts.filter(Boolean).join(" · "))}</p>
      <p class="quiet">{notes.filter(Boolean).join(" ")}</p>
    </div>
  );
}

interface Props {
  rows: CostRow[];
  report: CostReport;
  sort: Sort;
  onSort: (sort: Sort) => void;
  onEnter: (scope: string) => void;
  onEnd: () => void;
}

function Table({ rows, report, sort, onSort, onEnter, onEnd }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const seen = useWindow(box, rows.length, ROW, ROW);
  const { selected } = route.value;
  const isNarrow = seen.width < NARROW;
  const columns = COST_COLUMNS.filter(({ key }) => !isNarrow || !["op_type", "ops", "executions"].includes(key)).filter(
    ({ key }) => key === "path" || rows.some((row) => row[key] !== null && row[key] !== ""),
  );
  const grid = {
    gridTemplateColumns: `minmax(${isNarrow ? 130 : 180}px, 2fr) ${columns
      .slice(1)
      .map(() => "minmax(70px, 1fr)")
      .join(" ")}`,
  };
  const within = report.scope ? report.scope.length + 1 : 0;

  function onKey(event: KeyboardEvent) {
    const here = rows.findIndex((row) => row.path === selected);
    const steps: Record<string, number> = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 };
    const next = rows[Math.max(0, Math.min(rows.length - 1, steps[event.key] ?? here))];
    if ((event.target as HTMLElement).closest("button") || !next) return;
    if (event.key === "Enter" || event.key === "ArrowRight") {
      if (here >= 0 && next.is_scope) onEnter(next.path);
    } else if (event.key in steps) {
      seen.scrollTo(rows.indexOf(next));
      navigate({ selected: next.path }, true);
    } else return;
    event.preventDefault();
  }

  return (
    <div
      class="table costs"
      ref={box}
      role="grid"
      aria-label="costs"
      aria-rowcount={report.total_rows + 1}
      tabIndex={0}
      onScroll={() => {
        seen.onScroll();
        const { scrollTop, clientHeight } = box.current!;
        if (scrollTop + 2 * clientHeight > rows.length * ROW) onEnd();
      }}
      onKeyDown={onKey}
      aria-activedescendant={rows.some((row) => row.path === selected) ? "cost-selected" : undefined}
    >
      <div class="grid head" style={grid} role="row">
        {columns.map(({ key, heading, help, sort: by }) => (
          <span
            key={key}
            role="columnheader"
            class={isText(key) ? "" : "number"}
            aria-sort={by === sort ? "descending" : undefined}
          >
            {by ? (
              <button
                aria-label={`sort by ${heading}`}
                title={help}
                class={by === sort ? "on" : ""}
                onClick={() => onSort(by)}
              >
                {heading}
                {by === sort ? " ↓" : ""}
              </button>
            ) : (
              <span class="quiet" title={help}>
                {heading}
              </span>
            )}
          </span>
        ))}
      </div>
      <div class="tall" role="rowgroup" style={{ height: `${rows.length * ROW}px` }}>
        {rows.slice(seen.first, seen.last).map((row, place) => (
          <div
            key={row.path}
            role="row"
            aria-rowindex={seen.first + place + 2}
            aria-selected={row.path === selected}
            id={row.path === selected ? "cost-selected" : undefined}
            class={`grid line ${row.path === selected ? "selected" : ""}`}
            style={{ ...grid, top: `${(seen.first + place) * ROW}px` }}
            onClick={() => navigate({ selected: row.path })}
            onDblClick={() => row.is_scope && onEnter(row.path)}
          >
            {columns.map(({ key, format }) => (
              <span
                key={key}
                role="gridcell"
                class={key === "path" ? "mono" : key === "op_type" ? "quiet" : "number"}
                title={key === "path" ? row.path : undefined}
              >
                {key === "path" && row.is_scope ? (
                  <button class="link mono" title={`look into ${row.path}`} onClick={enter(row.path, onEnter)}>
                    {printable(row.path.slice(within))}/
                  </button>
                ) : (
                  text(key === "path" ? row.path.slice(within) : row[key], format)
                )}
              </span>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

const isText = (key: string) => key === "path" || key === "op_type";

const text = (value: string | number | null, format: (typeof COST_COLUMNS)[number]["format"]) =>
  value === null ? "" : cell(value, format);

const enter = (path: string, onEnter: (scope: string) => void) => (event: MouseEvent) => {
  event.stopPropagation();
  onEnter(path);
};
