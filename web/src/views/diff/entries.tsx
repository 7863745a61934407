// Variables that are not the same, one a row.

import { useState } from "preact/hooks";
import { api } from "../../lib/api";
import { csv, download } from "../../lib/download";
import { count, printable, shape } from "../../lib/format";
import { route } from "../../app/route";
import { NameLink } from "../../lib/name_link";
import type { DiffEntry, DiffReport } from "../../lib/schema";
import { EntryButtons } from "./pair_buttons";
import { MARKS, type Sides, type Status, WORDS, wordsOf } from "./sides";

export const PAGE = 500;

interface EntriesProps {
  report: DiffReport;
  chosen: Status[];
  a: string;
  b: string;
  sides: Sides;
}

export function Entries({ report, chosen, a, b, sides }: EntriesProps) {
  const [added, setAdded] = useState({ to: report, entries: [] as DiffEntry[] });
  const entries = added.to === report ? [...report.entries, ...added.entries] : report.entries;
  const rest = report.total_entries - entries.length;
  const { edits } = route.value;
  const ask = (offset: number, limit: number) => api.diff(a, b, { status: chosen, offset, limit, edits });
  const more = async () => {
    const page = await ask(entries.length, PAGE);
    setAdded((known) => ({ to: report, entries: [...(known.to === report ? known.entries : []), ...page.entries] }));
  };
  async function all(): Promise<DiffReport> {
    let found = await ask(0, MOST);
    while (found.entries.length < found.total_entries)
      found = { ...found, entries: [...found.entries, ...(await ask(found.entries.length, MOST)).entries] };
    return found;
  }
  if (!report.total_entries) return null;
  return (
    <>
      <h2 class="pad headline" id="entries" tabindex={-1}>
        <span class="grow">
          {count(report.total_entries)}{" "}
          {chosen.length ? chosen.map((status) => wordsOf(status, sides)).join(", ") : "that are not the same"}
        </span>
        <button
          aria-label="save the differences as CSV"
          onClick={() => void all().then((found) => download("differences.csv", csv(COLUMNS, found.entries)))}
        >
          CSV
        </button>
        <button
          aria-label="save the differences as JSON"
          onClick={() => void all().then((found) => download("differences.json", JSON.stringify(found, null, 2)))}
        >
          JSON
        </button>
      </h2>
      <table class="entries">
        <thead>
          <tr>
            <th>
              <span class="unseen">what became of it</span>
            </th>
            <th>in {sides.the.a}</th>
            <th>in {sides.the.b}</th>
            <th>type</th>
            <th>why</th>
            {route.value.isEditing && (
              <th>
                <span class="unseen">edit</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Row key={`${entry.a} ${entry.b}`} entry={entry} sides={sides} />
          ))}
        </tbody>
      </table>
      {rest > 0 && (
        <p class="pad">
          <button class="link" onClick={() => void more()}>
            … {count(rest)} more
          </button>
        </p>
      )}
    </>
  );
}

const MOST = 5000; // entries of one answer
const COLUMNS = ["status", "a", "b", "dtype_a", "shape_a", "dtype_b", "shape_b", "evidence", "confidence"] as const;

function Row({ entry, sides }: { entry: DiffEntry; sides: Sides }) {
  const { status, a, b, proposal } = entry;
  return (
    <tr class={status}>
      <td class="mark" aria-label={wordsOf(status, sides)} title={wordsOf(status, sides)}>
        {MARKS[status]}
      </td>
      <td>{a !== null && <NameLink name={a} model={sides.models.a} />}</td>
      <td>{b !== null && (b !== a || a === null) && <NameLink name={b} model={sides.models.b} />}</td>
      <td class="mono quiet">{types(entry)}</td>
      <td class="quiet">
        {status === "renamed" ? (
          `${entry.evidence}: ${entry.confidence}`
        ) : entry.joined ? (
          `perhaps ${printable(entry.joined)}`
        ) : proposal ? (
          <>
            perhaps <NameLink name={proposal} model={a === null ? sides.models.a : sides.models.b} />
          </>
        ) : ["values", "shape", "dtype"].includes(status) ? (
          WORDS[status]
        ) : (
          entry.evidence
        )}
      </td>
      {route.value.isEditing && (
        <td>
          <EntryButtons entry={entry} />
        </td>
      )}
    </tr>
  );
}

function types(entry: DiffEntry): string {
  const a = entry.a === null ? "" : `${entry.dtype_a}${shape(entry.shape_a)}`;
  const b = entry.b === null ? "" : `${entry.dtype_b}${shape(entry.shape_b)}`;
  return a && b && a !== b ? `${a} → ${b}` : a || b;
}
