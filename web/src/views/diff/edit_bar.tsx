// The pairs edited by hand: what was said so far, and how to say more.

import { useState } from "preact/hooks";
import { navigate, notice, route } from "../../app/route";
import { api } from "../../lib/api";
import { plural, printable } from "../../lib/format";
import type { DiffReport } from "../../lib/schema";
import { useQuery } from "../../lib/use_query";
import { change, forget, pairsOf, readEdits, taken, withRule, withoutRule } from "./edits";

export function EditBar({ a, b, report }: { a: string; b: string; report: DiffReport }) {
  const { isEditing, edits: text } = route.value;
  const edits = readEdits(text);
  const size = edits.rules.length + Object.keys(edits.pairs).length + (edits.accept ? 1 : 0);
  return (
    <section class={`edits ${isEditing ? "open" : ""}`} aria-label="Edit the pairs">
      <div class="bar">
        <button
          aria-pressed={isEditing}
          class={isEditing ? "on" : ""}
          onClick={() => {
            taken.value = null;
            navigate({ isEditing: !isEditing }, true);
          }}
        >
          edit the pairs
        </button>
        {size > 0 && (
          <>
            <span>{plural(size, "edit")} of yours</span>
            <button onClick={() => change(() => readEdits(""), "all edits are undone")}>undo all</button>
          </>
        )}
        {isEditing && <Accept report={report} isOn={edits.accept !== ""} />}
      </div>
      {isEditing && <Taken report={report} />}
      {isEditing && <NewRule />}
      {size > 0 && <Before a={a} b={b} after={report} />}
      {isEditing && size > 0 && (
        <ul class="said">
          {edits.rules.map((rule) => (
            <li key={rule}>
              <span class="mono">{printable(rule.replace("=", " → "))}</span> <span class="quiet">rule</span>{" "}
              <Undo
                what={`the rule ${rule}`}
                how={() => change((all) => withoutRule(all, rule), "the rule is undone")}
              />
            </li>
          ))}
          {Object.entries(edits.pairs).map(([one, other]) => (
            <li key={one}>
              <span class="mono">
                {printable(one)} {other === null ? "" : `→ ${printable(other)}`}
              </span>{" "}
              <span class="quiet">{other === null ? "no counterpart" : "pair"}</span>{" "}
              <Undo what={`the edit of ${one}`} how={() => forget(one)} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Undo({ what, how }: { what: string; how: () => void }) {
  return (
    <button class="small" aria-label={`undo ${printable(what)}`} onClick={how}>
      undo
    </button>
  );
}

function Accept({ report, isOn }: { report: DiffReport; isOn: boolean }) {
  const proposals = report.entries.filter((entry) => entry.a !== null && (entry.proposal || entry.joined)).length;
  if (!proposals && !isOn) return null;
  return (
    <label>
      <input
        type="checkbox"
        checked={isOn}
        onChange={(event) => {
          const accept = event.currentTarget.checked ? "proposed" : "";
          change((edits) => ({ ...edits, accept }), accept ? "all proposals are accepted" : "proposals are no pairs");
        }}
      />{" "}
      accept all proposals{proposals ? ` (${proposals})` : ""}
    </label>
  );
}

function Taken({ report }: { report: DiffReport }) {
  const first = taken.value;
  if (!first)
    return (
      <p class="hint quiet">
        Drag a name of the {report.sides.a} to its counterpart in the {report.sides.b}, or click the one and then the
        other (key: p). Drag a ribbon to another name, or into the gap to reject the pair. Two scopes become a rule.
      </p>
    );
  return (
    <p class="hint">
      <b class="mono">{printable(first.path)}</b> of the {report.sides[first.side]}: choose its counterpart in the{" "}
      {report.sides[first.side === "a" ? "b" : "a"]}.{" "}
      <button class="small" onClick={() => (taken.value = null)}>
        let go
      </button>
    </p>
  );
}

const LONGEST_RULE = 300;
const LARGEST_MAP = 1 << 20; // bytes

function NewRule() {
  const [[old, name], setRule] = useState(["", ""]);
  const add = (event: Event) => {
    event.preventDefault();
    if (!old.trim()) return;
    change((edits) => withRule(edits, `${old.trim()}=${name.trim()}`), "the rule is added");
    setRule(["", ""]);
  };
  return (
    <form class="bar" onSubmit={add}>
      <label>
        rule: replace{" "}
        <input
          class="mono"
          value={old}
          maxLength={LONGEST_RULE / 2 - 1}
          placeholder="layer_{i}"
          onInput={(event) => setRule([event.currentTarget.value, name])}
        />
      </label>
      <label>
        by{" "}
        <input
          class="mono"
          value={name}
          maxLength={LONGEST_RULE / 2 - 1}
          placeholder="block{i}"
          onInput={(event) => setRule([old, event.currentTarget.value])}
        />
      </label>
      <button type="submit">add rule</button>
      <label class="file">
        load a map…
        <input
          class="unseen"
          type="file"
          accept=".json,application/json"
          onChange={(event) => void load(event.currentTarget)}
        />
      </label>
    </form>
  );
}

async function load(input: HTMLInputElement): Promise<void> {
  const file = input.files?.[0];
  input.value = "";
  if (!file) return;
  const pairs = file.size > LARGEST_MAP ? null : pairsOf(await file.text().then(parsed));
  if (!pairs) notice.value = `${printable(file.name)} is no map: it must be JSON, an object of names to names or null.`;
  else
    change((edits) => ({ ...edits, pairs: { ...edits.pairs, ...pairs } }), `${Object.keys(pairs).length} pairs loaded`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// What the diff says without any edit, for comparison with the verdict above.
function Before({ a, b, after }: { a: string; b: string; after: DiffReport }) {
  const { answer } = useQuery(JSON.stringify(["before", a, b]), () => api.diff(a, b, { limit: 1 }));
  if (!answer) return null;
  const before = wordsFor(answer);
  const now = wordsFor(after);
  return (
    <p class="hint" role="status">
      <span class="quiet">without your edits:</span> {before}
      {before !== now && (
        <>
          {" "}
          <span class="quiet">→ with them:</span> <b>{now}</b>
        </>
      )}
    </p>
  );
}

function wordsFor({ restore, summary, sides }: DiffReport): string {
  const counts = summary as Record<string, number>;
  const number = (status: string) => counts[status] ?? 0;
  const alone = `${number("only_a")} only in the ${sides.a}, ${number("only_b")} only in the ${sides.b}`;
  return `${plural(number("renamed"), "variable")} renamed, ${alone}${restore ? `; ${printable(restore.verdict.sentence)}` : ""}`;
}
