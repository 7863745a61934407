// The table itself: an ARIA grid of which only the rows on screen are made.

import { useRef } from "preact/hooks";
import { commonScope, printable } from "../../lib/format";
import { route, navigate } from "../../app/route";
import type { TableLine } from "../../lib/schema";
import { useWindow } from "../../lib/virtual_list";
import { type Column, INDEX, STYLE, isNumber, columnsOf, ending, lettersFor, cellText, widthsOf } from "./columns";
import type { Order } from "./order";

const ROW = 26;

interface Props {
  rows: TableLine[];
  total: number;
  order: Order;
  onSort: (column: Column) => void;
  onEnd: () => void; // the last of the rows at hand is near
}

export function Table({ rows, total, order, onSort, onEnd }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const seen = useWindow(box, rows.length, ROW, ROW);
  const { selected } = route.value;
  const columns = columnsOf(rows);
  const scope = commonScope(rows.map((row) => row.name));
  const letters = lettersFor(seen.width);
  const names = rows.map((row) => ending(printable(scope ? row.name.slice(scope.length + 1) : row.name), letters));
  const grid = { gridTemplateColumns: widthsOf(columns, rows, names, order.sort) };

  function onScroll() {
    seen.onScroll();
    const element = box.current!;
    if (rows.length < total && element.scrollTop + 2 * element.clientHeight > rows.length * ROW) onEnd();
  }

  function onKey(event: KeyboardEvent) {
    const here = rows.findIndex((row) => row.name === selected);
    const steps: Record<string, number> = {
      ArrowDown: here + 1,
      ArrowUp: here - 1,
      Home: 0,
      End: rows.length - 1,
      PageDown: here + seen.perPage - 1,
      PageUp: here - seen.perPage + 1,
    };
    const next = rows[Math.max(0, Math.min(rows.length - 1, steps[event.key] ?? -1))];
    if (!(event.key in steps) || !next || (event.target as HTMLElement).closest("button")) return;
    event.preventDefault();
    seen.scrollTo(rows.indexOf(next));
    navigate({ selected: next.name }, true);
  }

  return (
    <div
      class="table"
      ref={box}
      role="grid"
      aria-label="variables"
      aria-rowcount={total + 1}
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={onKey}
      aria-activedescendant={rows.some((row) => row.name === selected) ? "variable-selected" : undefined}
    >
      <div class="grid head" style={grid} role="row">
        {columns.map(({ key, heading, help: meaning, format }) => (
          <span
            key={key}
            role="columnheader"
            class={isNumber(format) ? "number" : ""}
            aria-sort={order.sort === key ? (order.descending ? "descending" : "ascending") : undefined}
          >
            <button
              aria-label={`sort by ${heading}`}
              title={meaning}
              class={order.sort === key ? "on" : ""}
              onClick={() => onSort(key)}
            >
              {heading}
              {key === "name" && scope && <span class="mono within"> in {ending(printable(scope), letters - 8)}/</span>}
              {order.sort === key ? (order.descending ? " ↓" : " ↑") : ""}
            </button>
          </span>
        ))}
      </div>
      <div class="tall" role="rowgroup" style={{ height: `${rows.length * ROW}px` }}>
        {rows.slice(seen.first, seen.last).map((row, place) => (
          <div
            key={row.name}
            role="row"
            aria-rowindex={seen.first + place + 2}
            aria-selected={row.name === selected}
            id={row.name === selected ? "variable-selected" : undefined}
            class={`grid line ${row.name === selected ? "selected" : ""}`}
            style={{ ...grid, top: `${(seen.first + place) * ROW}px` }}
            onClick={() => navigate({ selected: row.name })}
          >
            {columns.map((column) => {
              const { key, format } = column;
              const text = cellText(row, column);
              return (
                <span key={key} role="gridcell" title={text} class={format === "name" ? "mono" : STYLE[format]}>
                  {key === "name" ? (
                    names[seen.first + place]
                  ) : key === "uses" && Number(row.cells[INDEX.uses]) > 1 ? (
                    <b class="badge shared">{text}</b>
                  ) : (
                    text
                  )}
                </span>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}
