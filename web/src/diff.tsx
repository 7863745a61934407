// Two artefacts: what became of every variable, the rules that explain the renames, and the map to use.

import { useMemo, useState } from "preact/hooks";
import { api } from "./api";
import { useAsked } from "./asked";
import { download } from "./download";
import { count, plural, printable, shape } from "./format";
import { OpTrees, Ribbons } from "./diff_pictures";
import { ModelOptions } from "./models";
import { SaveTable } from "./save_table";
import { at, go, models } from "./state";
import type { DiffEntry, DiffReport } from "./schema";

const WORDS: Record<DiffEntry["status"], string> = {
  same: "same", values: "other values", shape: "reshaped", dtype: "retyped", renamed: "renamed", only_a: "only in A",
  only_b: "only in B",
};
const MARKS: Record<DiffEntry["status"], string> = {
  same: " ", values: "~", shape: "~", dtype: "~", renamed: "→", only_a: "−", only_b: "+",
};
const STATUSES = Object.keys(WORDS) as DiffEntry["status"][];
const SHOWN = 500;

export function Diff() {
  const { model, other, filter } = at.value;
  const second = other || models.value.find((one) => one.id !== model && one.state === "ready")?.id || "";
  const asked = useAsked(model && second ? `${model} ${second}` : null, () => api.diff(model, second));
  return (
    <section class="view" aria-label="Diff">
      <div class="bar">
        <Side letter="A" value={model} onPick={(id) => go({ model: id })} />
        <button aria-label="swap A and B" onClick={() => go({ model: second, other: model })}>⇄</button>
        <Side letter="B" value={second} onPick={(id) => go({ other: id })} />
      </div>
      {models.value.length < 2 && (
        <p class="empty">A diff needs two artefacts. Open another one with “open…” above, or drop a file on the page.</p>
      )}
      {asked.error && <p class="trouble">{asked.error}</p>}
      {asked.isWaiting && !asked.answer && <p class="quiet pad">Comparing…</p>}
      {asked.answer && second && <Report report={asked.answer} filter={filter} a={model} b={second} />}
    </section>
  );
}

function Side({ letter, value, onPick }: { letter: string; value: string; onPick: (id: string) => void }) {
  return (
    <label class="side">
      {letter}{" "}
      <select aria-label={`side ${letter}`} value={value} onChange={(event) => onPick(event.currentTarget.value)}>
        <ModelOptions />
      </select>
    </label>
  );
}

function Report({ report, filter, a, b }: { report: DiffReport; filter: string; a: string; b: string }) {
  const [copied, setCopied] = useState(false);
  const chosen = filter.split(" ").filter((word): word is DiffEntry["status"] => STATUSES.includes(word as DiffEntry["status"]));
  const entries = useMemo(
    () => report.entries.filter((entry) => (chosen.length ? chosen.includes(entry.status) : entry.status !== "same")),
    [report, filter],
  );
  const counts = report.summary as Record<DiffEntry["status"], number>;
  const map = JSON.stringify(report.assignment_map, null, 4);
  const toggle = (status: DiffEntry["status"]) =>
    go({ filter: (chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status]).join(" ") });
  return (
    <div class="scroll">
      <div class="chips" role="group" aria-label="what to show">
        {STATUSES.filter((status) => counts[status]).map((status) => (
          <button key={status} class={`chip ${status} ${chosen.includes(status) ? "on" : ""}`} aria-pressed={chosen.includes(status)} onClick={() => toggle(status)}>
            {MARKS[status]} {count(counts[status])} {WORDS[status]}
          </button>
        ))}
        <span class="grow" />
        <SaveTable name="differences" answer={report} columns={["status", "a", "b", "dtype_a", "shape_a", "dtype_b", "shape_b", "evidence", "confidence"]} rows={entries} />
        {report.entries.every((entry) => entry.status === "same") && <b>Nothing differs.</b>}
      </div>
      <Ribbons a={a} b={b} statuses={chosen} />
      {report.rules.length > 0 && (
        <table class="rules">
          <caption>rename rules</caption>
          <tbody>
            {report.rules.slice(0, 20).map((rule) => (
              <tr key={`${rule.from} ${rule.to}`}>
                <td class="mono">{printable(rule.from || "(root)")}</td>
                <td class="quiet">→</td>
                <td class="mono">{printable(rule.to || "(root)")}</td>
                <td class="quiet">{plural(rule.variables, "variable")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {Object.keys(report.assignment_map).length > 0 && (
        <details class="assign">
          <summary>assignment map for <code>init_from_checkpoint</code> ({plural(Object.keys(report.assignment_map).length, "entry", "entries")})</summary>
          <button
            onClick={() => void navigator.clipboard.writeText(map).then(() => (setCopied(true), setTimeout(() => setCopied(false), 1500)))}
          >
            {copied ? "copied" : "copy"}
          </button>
          <button onClick={() => download("assignment_map.json", map)}>save</button>
          <pre>{printable(map.length > 20_000 ? `${map.slice(0, 20_000)}\n… copy or save has all of it` : map).replaceAll("\\u000a", "\n")}</pre>
        </details>
      )}
      {report.restore && (
        <p class="pad">
          Restoring {report.restores_from.toUpperCase()}: {count(report.restore.found)} keys found,{" "}
          <b class={report.restore.missing.length ? "bad" : ""}>{count(report.restore.missing.length)} not found</b>,{" "}
          {count(report.restore.mismatched.length)} of another type, {count(report.restore.unused.length)} unused.
        </p>
      )}
      {report.graph && <OpTrees graph={report.graph} />}
      <h3 class="pad">{chosen.length ? chosen.map((status) => WORDS[status]).join(", ") : "what is not the same"}</h3>
      <table class="entries">
        <tbody>
          {entries.slice(0, SHOWN).map((entry) => (
            <tr key={`${entry.a} ${entry.b}`} class={entry.status} onClick={() => go(entry.a === null ? { selected: entry.b ?? "", selectedIn: b } : { selected: entry.a })}>
              <td class="mark" aria-label={WORDS[entry.status]}>{MARKS[entry.status]}</td>
              <td class="mono">{entry.a !== null && printable(entry.a)}</td>
              <td class="mono">{entry.b !== null && entry.b !== entry.a && printable(entry.b)}</td>
              <td class="mono quiet">{types(entry)}</td>
              <td class="quiet">{entry.status === "renamed" ? `${entry.evidence}: ${entry.confidence}` : entry.proposal ? `perhaps ${printable(entry.proposal)}` : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {entries.length > SHOWN && <p class="quiet pad">… {count(entries.length - SHOWN)} more: choose what to show above</p>}
    </div>
  );
}

function types(entry: DiffEntry): string {
  const a = entry.a === null ? "" : `${entry.dtype_a}${shape(entry.shape_a)}`;
  const b = entry.b === null ? "" : `${entry.dtype_b}${shape(entry.shape_b)}`;
  return a && b && a !== b ? `${a} → ${b}` : a || b;
}
