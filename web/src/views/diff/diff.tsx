// Two artifacts: what became of every variable, the rules that explain the renames, and the map to use.

import { useState } from "preact/hooks";
import { api } from "../../lib/api";
import { useQuery } from "../../lib/use_query";
import { Copy } from "../../lib/copy";
import { OpTrees, Ribbons } from "./diff_pictures";
import { csv, download } from "../../lib/download";
import { STATUS_MARKS, STATUS_WORDS } from "../../lib/declared";
import { count, plural, printable, shape } from "../../lib/format";
import { ModelOptions } from "../../app/models";
import { Segments } from "../../lib/path";
import { counterpart, models } from "../../app/open_models";
import { route, navigate } from "../../app/route";
import type { DiffEntry, DiffReport, RenameRule, RestoreReport } from "../../lib/schema";

const WORDS: Record<DiffEntry["status"], string> = STATUS_WORDS;
const TYPESET: Record<string, string> = { ">": "→", "-": "−" };
const MARKS = Object.fromEntries(
  Object.entries(STATUS_MARKS).map(([status, mark]) => [status, TYPESET[mark] ?? mark]),
) as Record<DiffEntry["status"], string>;
const STATUSES = Object.keys(WORDS) as DiffEntry["status"][];
const PAGE = 500;

export function Diff() {
  const { model, other, filter } = route.value;
  const second = models.value.some((one) => one.id === other) ? other : counterpart(model);
  const chosen = filter
    .split(" ")
    .filter((word): word is DiffEntry["status"] => STATUSES.includes(word as DiffEntry["status"]));
  const key = JSON.stringify([model, second, chosen]);
  const result = useQuery(model && second ? key : null, () => api.diff(model, second, { status: chosen, limit: PAGE }));
  return (
    <section class="view" aria-label="Diff">
      <div class="bar">
        <Side letter="A" value={model} onPick={(id) => navigate({ model: id, other: second, filter: "" })} />
        <button
          aria-label="swap A and B"
          title="swap A and B"
          onClick={() => navigate({ model: second, other: model, filter: "" })}
        >
          ⇄
        </button>
        <Side letter="B" value={second} onPick={(id) => navigate({ other: id, filter: "" })} />
      </div>
      {models.value.length < 2 && (
        <p class="empty">
          A diff needs two artifacts. Open another one with “open…” above, or drop a file on the page.
        </p>
      )}
      {result.error && <p class="trouble">{result.error}</p>}
      {result.isWaiting && !result.answer && second && <Comparing ids={[model, second]} />}
      {result.answer && second && (
        <Report key={`${model} ${second}`} report={result.answer} chosen={chosen} a={model} b={second} />
      )}
    </section>
  );
}

function Comparing({ ids }: { ids: string[] }) {
  const sizes = ids
    .map((id) => models.value.find((one) => one.id === id))
    .map((one) => (one?.ops ? plural(one.ops, "op") : "a checkpoint"));
  return (
    <div class="welcome" role="status">
      <p>Comparing {sizes.join(" and ")}: names, shapes, checksums, and the op trees of two graphs.</p>
      <div class="progress" />
      <p class="quiet">Other views can be looked at meanwhile.</p>
    </div>
  );
}

function Side({ letter, value, onPick }: { letter: string; value: string; onPick: (id: string) => void }) {
  return (
    <label class="side">
      {letter}{" "}
      <select aria-label={`side ${letter}`} value={value} onChange={(event) => onPick(event.currentTarget.value)}>
        <ModelOptions only={(model) => model.state === "ready"} />
      </select>
    </label>
  );
}

interface ReportProps {
  report: DiffReport;
  chosen: DiffEntry["status"][];
  a: string;
  b: string;
}

function Report({ report, chosen, a, b }: ReportProps) {
  const counts = report.summary as Record<DiffEntry["status"], number>;
  const differs = STATUSES.some((status) => status !== "same" && counts[status]);
  const toggle = (status: DiffEntry["status"]) =>
    navigate({
      filter: (chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status]).join(" "),
    });
  return (
    <div class="scroll">
      <div class="chips" role="group" aria-label="what to show">
        {STATUSES.filter((status) => counts[status] || chosen.includes(status)).map((status) => (
          <button
            key={status}
            class={`chip ${status} ${chosen.includes(status) ? "on" : ""}`}
            aria-pressed={chosen.includes(status)}
            onClick={() => toggle(status)}
          >
            {MARKS[status]} {count(counts[status])} {WORDS[status]}
          </button>
        ))}
        {!differs && <b>Nothing differs.</b>}
      </div>
      <Ribbons a={a} b={b} statuses={chosen} entries={STATUSES.reduce((sum, status) => sum + counts[status], 0)} />
      <Rules rules={report.rules} />
      <AssignmentMap map={report.assignment_map} />
      {report.restore && (
        <Restore
          found={report.restore}
          side={report.restores_from}
          mapped={Object.keys(report.assignment_map).length}
        />
      )}
      <Entries key={chosen.join(" ")} report={report} chosen={chosen} a={a} b={b} />
      {report.graph && <OpTrees graph={report.graph} />}
    </div>
  );
}

const RULES = 12;

function Rules({ rules }: { rules: RenameRule[] }) {
  const [isWhole, setWhole] = useState(false);
  if (!rules.length) return null;
  return (
    <>
      <h3 class="pad">rename rules</h3>
      <table class="rules">
        <tbody>
          {rules.slice(0, isWhole ? rules.length : RULES).map((rule) => (
            <tr key={`${rule.from} ${rule.to}`}>
              <td class="mono">{printable(rule.from) || "(root)"}</td>
              <td>→</td>
              <td class="mono">{printable(rule.to) || "(root)"}</td>
              <td>{plural(rule.variables, "variable")}</td>
              <td class="quiet">{evidence(rule)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rules.length > RULES && !isWhole && (
        <p class="pad">
          <button class="link" onClick={() => setWhole(true)}>
            {count(rules.length - RULES)} more rules
          </button>
        </p>
      )}
    </>
  );
}

function evidence({ evidence, variables }: RenameRule): string {
  const found = Object.entries(evidence);
  return (
    found
      .slice(0, 3)
      .map(([text, number]) => (number === variables ? printable(text) : `${printable(text)} (${count(number)})`))
      .join("; ") + (found.length > 3 ? "; …" : "")
  );
}

function AssignmentMap({ map }: { map: Record<string, string> }) {
  const size = Object.keys(map).length;
  if (!size) return null;
  const text = JSON.stringify(map, null, 4);
  return (
    <details class="assign">
      <summary>
        assignment map for <code>init_from_checkpoint</code> ({plural(size, "entry", "entries")})
      </summary>
      <Copy text={() => text} />
      <button onClick={() => download("assignment_map.json", text)}>save</button>
      <pre>
        {printable(text.length > 20_000 ? `${text.slice(0, 20_000)}\n… copy or save has all of it` : text).replaceAll(
          "\\u000a",
          "\n",
        )}
      </pre>
    </details>
  );
}

// What tf.compat.v1.train.Saver.restore would say, key by key; it ends itself at the first.
function Restore({ found, side, mapped }: { found: RestoreReport; side: string; mapped: number }) {
  const lists: [string, string[], boolean][] = [
    ["not found", found.missing.map((one) => `${one.key}${one.near ? `  (perhaps ${one.near})` : ""}`), true],
    [
      "of another shape or dtype",
      found.mismatched.map(
        (one) => `${one.key}  ${one.dtype}${shape(one.shape)}, stored ${one.stored_dtype}${shape(one.stored_shape)}`,
      ),
      true,
    ],
    ["unused: in the checkpoint, not in the graph", found.unused, false],
  ];
  return (
    <>
      <h3 class="pad">restoring {side.toUpperCase()} by name</h3>
      <div class="restore">
        <p>
          {plural(found.found, "key")} found
          {mapped > 0 &&
            found.missing.length > 0 &&
            `; with the assignment map above, ${plural(mapped, "variable")} are filled`}
        </p>
        {lists
          .filter(([, names]) => names.length)
          .map(([words, names, isBad]) => (
            <details key={words}>
              <summary class={isBad ? "bad" : ""}>
                {count(names.length)} {words}
              </summary>
              <ul class="mono">
                {names.slice(0, PAGE).map((name, index) => (
                  <li key={index}>{printable(name)}</li>
                ))}
              </ul>
              {names.length > PAGE && <p class="quiet">… {count(names.length - PAGE)} more</p>}
            </details>
          ))}
      </div>
    </>
  );
}

function Entries({ report, chosen, a, b }: ReportProps) {
  const [added, setAdded] = useState({ to: report, entries: [] as DiffEntry[] });
  const entries = added.to === report ? [...report.entries, ...added.entries] : report.entries;
  const rest = report.total_entries - entries.length;
  const ask = (offset: number, limit: number) => api.diff(a, b, { status: chosen, offset, limit });
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
      <h3 class="pad headline">
        <span class="grow">
          {count(report.total_entries)}{" "}
          {chosen.length ? chosen.map((status) => WORDS[status]).join(", ") : "that are not the same"}
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
      </h3>
      <table class="entries">
        <thead>
          <tr>
            <th />
            <th>in A</th>
            <th>in B</th>
            <th>type</th>
            <th>why</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Row key={`${entry.a} ${entry.b}`} entry={entry} b={b} />
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

function Row({ entry, b }: { entry: DiffEntry; b: string }) {
  const select = (name: string, selectedIn: string) => (
    <button class="link mono" title={name} onClick={() => navigate({ selected: name, selectedIn })}>
      <Segments text={printable(name)} />
    </button>
  );
  return (
    <tr class={entry.status}>
      <td class="mark" aria-label={WORDS[entry.status]} title={WORDS[entry.status]}>
        {MARKS[entry.status]}
      </td>
      <td>{entry.a !== null && select(entry.a, "")}</td>
      <td>{entry.b !== null && (entry.b !== entry.a || entry.a === null) && select(entry.b, b)}</td>
      <td class="mono quiet">{types(entry)}</td>
      <td class="quiet">
        {entry.status === "renamed"
          ? `${entry.evidence}: ${entry.confidence}`
          : entry.joined || entry.proposal
            ? `perhaps ${printable(entry.joined || entry.proposal)}`
            : ["values", "shape", "dtype"].includes(entry.status)
              ? WORDS[entry.status]
              : ""}
      </td>
    </tr>
  );
}

function types(entry: DiffEntry): string {
  const a = entry.a === null ? "" : `${entry.dtype_a}${shape(entry.shape_a)}`;
  const b = entry.b === null ? "" : `${entry.dtype_b}${shape(entry.shape_b)}`;
  return a && b && a !== b ? `${a} → ${b}` : a || b;
}
