// Buttons beside a name: take it for a pair, accept what is proposed for it, reject what it was paired with.

import { route } from "../../app/route";
import { printable } from "../../lib/format";
import type { DiffEntry } from "../../lib/schema";
import { type Letter, change, forget, paired, readEdits, reject, take, taken } from "./edits";

// One name as an end of a pair: pressed while its counterpart is to be chosen.
export function PairButton({ side, name }: { side: Letter; name: string }) {
  if (!route.value.isEditing) return null;
  const first = taken.value;
  const isTaken = first?.side === side && first.path === name;
  const isSecond = first !== null && first.side !== side && !first.isScope;
  const label = isSecond
    ? `pair ${printable(first.path)} with ${printable(name)}`
    : `take ${printable(name)} for a pair`;
  return (
    <button
      class={`small ${isTaken ? "on" : ""}`}
      aria-pressed={isTaken}
      aria-label={label}
      title={label}
      onClick={() => take({ side, path: name, isScope: false })}
    >
      {isSecond ? "pair" : isTaken ? "taken" : "take"}
    </button>
  );
}

export function EntryButtons({ entry: { a, b, proposal } }: { entry: DiffEntry }) {
  if (!route.value.isEditing) return null;
  const said = readEdits(route.value.edits).pairs;
  if (a !== null && a in said)
    return (
      <button class="small" aria-label={`undo the edit of ${printable(a)}`} onClick={() => forget(a)}>
        undo
      </button>
    );
  if (a !== null && b !== null)
    return (
      <button class="small" aria-label={`reject the pair of ${printable(a)}`} onClick={() => reject(a)}>
        reject
      </button>
    );
  const [one, other] = a === null ? [proposal, b!] : [a, proposal];
  if (!proposal) return a === null ? <PairButton side="b" name={b!} /> : <PairButton side="a" name={a} />;
  return (
    <button
      class="small"
      aria-label={`accept ${printable(proposal)}`}
      onClick={() =>
        change((edits) => paired(edits, one, other), `${printable(one)} is paired with ${printable(other)}`)
      }
    >
      accept
    </button>
  );
}
