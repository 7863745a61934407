// What a diff says in a sentence, and why: first whether a restore will succeed, then what differs.

import { count, plural, printable, shape } from "../../lib/format";
import { NameLink } from "../../lib/name_link";
import type { DiffReport, RestoreCause, RestoreReport } from "../../lib/schema";
import { afresh } from "../../app/open_models";
import { navigate } from "../../app/route";
import { STATUSES, type Sides, type Status } from "./sides";

const LISTED = 200; // keys of one cause

interface VerdictProps {
  report: DiffReport;
  sides: Sides;
  a: string; // ids of the models
  b: string;
}

export function Verdict({ report, sides, a, b }: VerdictProps) {
  const { restore, graph, open_groups: groups } = report;
  const { mapped } = report;
  const [graphId, storedId] = report.restores_from === "a" ? [b, a] : [a, b];
  const check = () => navigate({ ...afresh(graphId), other: storedId, view: "lint" });
  const helps = restore && !restore.verdict.succeeds && mapped > 0;
  return (
    <div class="verdict">
      {restore && (
        <p class={`sentence ${restore.verdict.succeeds ? "good" : "bad"}`}>
          {printable(restore.verdict.sentence)}
          {helps && (
            <>
              {"; "}
              <a href="#assignment-map" onClick={show("assignment-map")}>
                with the assignment map {plural(mapped, "variable")} {mapped === 1 ? "is" : "are"} filled
              </a>
            </>
          )}
          .{" "}
          <button class="link" onClick={check}>
            check it
          </button>
        </p>
      )}
      {report.not_restored && <p class="sentence quiet">{report.not_restored}</p>}
      {restore?.verdict.causes.map((cause) => (
        <Cause key={cause.message} cause={cause} restore={restore} from={report.restores_from} sides={sides} />
      ))}
      <p class="sentence">
        {difference(report)}
        {groups.length > 0 && (
          <>
            {"; "}
            <a href="#open-groups" onClick={show("open-groups")}>
              {plural(
                groups.reduce((sum, group) => sum + group.a.length, 0),
                "variable",
              )}{" "}
              open
            </a>
          </>
        )}
        {graph && graph.total > 0 && (
          <>
            {"; "}
            <a href="#op-trees" onClick={show("op-trees")}>
              {plural(graph.added + graph.removed + graph.changed + graph.renamed, "op")} differ
            </a>
          </>
        )}
        .
      </p>
    </div>
  );
}

// Brings what a count leads to into view, and opens it.
export function show(id: string) {
  return (event: Event) => {
    event.preventDefault(); // the address holds what the page shows
    const place = document.getElementById(id);
    if (place instanceof HTMLDetailsElement) place.open = true;
    place?.scrollIntoView({ block: "start" });
    (place?.querySelector<HTMLElement>("summary") ?? place)?.focus();
  };
}

function difference({ summary }: DiffReport): string {
  const counts = summary as Record<Status, number>;
  const all = STATUSES.reduce((sum, status) => sum + (counts[status] || 0), 0);
  const other = all - (counts.same || 0);
  if (!all) return "There are no variables to compare";
  return other
    ? `${count(other)} of ${plural(all, "variable")} not the same`
    : `All ${plural(all, "variable")} the same`;
}

interface CauseProps {
  cause: RestoreCause;
  restore: RestoreReport;
  from: string;
  sides: Sides;
}

// One reason, with every key that it explains: as the graph asks for it, and as the checkpoint has it.
function Cause({ cause, restore, from, sides }: CauseProps) {
  const checkpoint = from === "a" ? sides.models.a : sides.models.b;
  const graph = from === "a" ? sides.models.b : sides.models.a;
  const missing = new Map(restore.missing.map((one) => [one.key, one.variable]));
  const fits = new Map(restore.mismatched.map((one) => [one.key, one]));
  return (
    <details class={`cause ${cause.is_fatal ? "fatal" : ""}`}>
      <summary>{printable(cause.message)}</summary>
      {cause.cure && <p class="quiet">Fix: {printable(cause.cure)}</p>}
      <ul>
        {cause.keys.slice(0, LISTED).map((key, index) => {
          const other = fits.get(key);
          const variable = other?.variable ?? missing.get(key);
          const near = cause.near[index];
          return (
            <li key={key}>
              <NameLink name={variable ?? key} model={variable === undefined ? checkpoint : graph} />
              {variable !== undefined && variable !== key && <span class="mono quiet"> {printable(key)}</span>}
              {near && (
                <>
                  {" stored as "}
                  <NameLink name={near} model={checkpoint} />
                </>
              )}
              {other && (
                <span class="mono quiet">
                  {` ${other.dtype}${shape(other.shape)}, stored ${other.stored_dtype}${shape(other.stored_shape)}`}
                </span>
              )}
            </li>
          );
        })}
      </ul>
      {cause.keys.length > LISTED && <p class="quiet">… {count(cause.keys.length - LISTED)} more</p>}
    </details>
  );
}
