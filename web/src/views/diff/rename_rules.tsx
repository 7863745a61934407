// How one side is read as the other: rules of names, the map to use, and what nothing decides.

import { useState } from "preact/hooks";
import { Copy } from "../../lib/copy";
import { download } from "../../lib/download";
import { count, plural, printable } from "../../lib/format";
import { NameLink } from "../../lib/name_link";
import type { DiffReport, RenameRule } from "../../lib/schema";
import type { Letter } from "./edits";
import { PairButton } from "./pair_buttons";
import type { Sides } from "./sides";

const RULES = 12;

export function Rules({ rules }: { rules: RenameRule[] }) {
  const [isWhole, setWhole] = useState(false);
  if (!rules.length) return null;
  return (
    <>
      <h2 class="pad">rename rules</h2>
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

export function AssignmentMap({ map }: { map: Record<string, string> }) {
  const size = Object.keys(map).length;
  if (!size) return null;
  const text = JSON.stringify(map, null, 4);
  return (
    <details class="assign" id="assignment-map">
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

const [GROUPS, NAMES] = [8, 6]; // shown at first

// Variables among which nothing decides: each may be any of those beside it.
export function OpenGroups({ groups, sides }: { groups: DiffReport["open_groups"]; sides: Sides }) {
  const [most, setMost] = useState(GROUPS);
  if (!groups.length) return null;
  const order = [...groups].sort((one, other) => other.a.length - one.a.length);
  const variables = groups.reduce((sum, group) => sum + group.a.length, 0);
  return (
    <>
      <h2 class="pad" id="open-groups">
        open: {plural(variables, "variable")} with several counterparts that fit equally well
      </h2>
      <table class="entries">
        <thead>
          <tr>
            <th>in {sides.the.a}</th>
            <th>may be any of these in {sides.the.b}</th>
          </tr>
        </thead>
        <tbody>
          {order.slice(0, most).map(({ a, b }) => (
            <tr key={`${a[0]} ${b[0]}`}>
              <td>
                <Names names={a} side="a" model={sides.models.a} />
              </td>
              <td>
                <Names names={b} side="b" model={sides.models.b} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {order.length > most && (
        <p class="pad">
          <button class="link" onClick={() => setMost(order.length)}>
            … {plural(order.length - most, "more group")}
          </button>
        </p>
      )}
      <p class="pad quiet">
        “Edit the pairs” above decides them, and in the terminal <code>--rule OLD=NEW</code> or <code>--map FILE</code>.
      </p>
    </>
  );
}

function Names({ names, side, model }: { names: string[]; side: Letter; model: string }) {
  const [isWhole, setWhole] = useState(false);
  return (
    <ul class="alternatives">
      {names.slice(0, isWhole ? names.length : NAMES).map((name) => (
        <li key={name}>
          <NameLink name={name} model={model} /> <PairButton side={side} name={name} />
        </li>
      ))}
      {names.length > NAMES && !isWhole && (
        <li>
          <button class="link" onClick={() => setWhole(true)}>
            … {count(names.length - NAMES)} more
          </button>
        </li>
      )}
    </ul>
  );
}
