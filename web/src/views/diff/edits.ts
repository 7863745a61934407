// What a person says of the pairs of a diff: the text that is asked of the server, kept in the address.

import { signal } from "@preact/signals";
import { announcement, navigate, notice, route } from "../../app/route";
import { printable } from "../../lib/format";

export interface Edits {
  rules: string[]; // OLD=NEW, as `--rule` takes them
  pairs: Record<string, string | null>; // names of A to names of B, as `--map` takes them; null for no counterpart
  accept: "" | "proposed";
}

export type Letter = "a" | "b";

export interface End {
  side: Letter;
  path: string;
  isScope: boolean;
}

// The end that was taken first; its counterpart is still to be chosen.
export const taken = signal<End | null>(null);

const LONGEST = 24_000; // characters, as the server takes them

export function readEdits(text: string): Edits {
  try {
    const found = JSON.parse(text || "{}") as Partial<Edits>;
    return { rules: found.rules ?? [], pairs: found.pairs ?? {}, accept: found.accept ?? "" };
  } catch {
    return { rules: [], pairs: {}, accept: "" };
  }
}

export function writeEdits({ rules, pairs, accept }: Edits): string {
  const parts = {
    ...(rules.length ? { rules } : {}),
    ...(Object.keys(pairs).length ? { pairs } : {}),
    ...(accept ? { accept } : {}),
  };
  return Object.keys(parts).length ? JSON.stringify(parts) : "";
}

// A pair; whatever else was said of either end no longer holds.
export function paired(edits: Edits, a: string, b: string): Edits {
  const others = Object.entries(edits.pairs).filter(([one, other]) => one !== a && other !== b);
  return { ...edits, pairs: Object.fromEntries([...others, [a, b]]) };
}

export function rejected(edits: Edits, a: string): Edits {
  return { ...edits, pairs: { ...edits.pairs, [a]: null } };
}

export function forgotten(edits: Edits, a: string): Edits {
  return { ...edits, pairs: Object.fromEntries(Object.entries(edits.pairs).filter(([one]) => one !== a)) };
}

export function withRule(edits: Edits, rule: string): Edits {
  return edits.rules.includes(rule) ? edits : { ...edits, rules: [...edits.rules, rule] };
}

export function withoutRule(edits: Edits, rule: string): Edits {
  return { ...edits, rules: edits.rules.filter((one) => one !== rule) };
}

// The pairs of a file: a map of names, or what `diff --format json` printed.
export function pairsOf(content: unknown): Edits["pairs"] | null {
  if (typeof content !== "object" || content === null || Array.isArray(content)) return null;
  const { entries } = content as { entries?: unknown };
  const found: [string, unknown][] = Array.isArray(entries)
    ? (entries as { a?: unknown; b?: unknown }[]).flatMap(({ a, b }): [string, unknown][] =>
        typeof a === "string" && typeof b === "string" ? [[a, b]] : [],
      )
    : Object.entries(content);
  return found.every(([, other]) => other === null || typeof other === "string")
    ? (Object.fromEntries(found) as Edits["pairs"])
    : null;
}

export function change(how: (edits: Edits) => Edits, said: string): void {
  const text = writeEdits(how(readEdits(route.value.edits)));
  taken.value = null;
  if (text.length > LONGEST) {
    notice.value = "These are more edits than the page holds. Save the pairs, and go on with --map in a terminal.";
    return;
  }
  navigate({ edits: text });
  announcement.value = said;
}

// The first of two ends that belong together, or the second: then they are a pair, or two scopes a rule.
export function take(end: End): void {
  const first = taken.value;
  if (!first || first.side === end.side) {
    taken.value = first?.path === end.path && first.side === end.side ? null : end;
    announcement.value = taken.value
      ? `${printable(end.path)} is taken; choose its counterpart on the other side`
      : `${printable(end.path)} is let go`;
    return;
  }
  const [a, b] = end.side === "b" ? [first, end] : [end, first];
  join(a, b);
}

export function join(a: End, b: End): void {
  if (a.isScope !== b.isScope) {
    taken.value = null;
    notice.value = "A variable is paired with a variable, and a scope with a scope.";
  } else if (a.isScope)
    change((edits) => withRule(edits, `${a.path}=${b.path}`), `rule ${printable(a.path)} = ${printable(b.path)} added`);
  else change((edits) => paired(edits, a.path, b.path), `${printable(a.path)} is paired with ${printable(b.path)}`);
}

export const reject = (a: string) => change((edits) => rejected(edits, a), `${printable(a)} has no counterpart`);
export const forget = (a: string) => change((edits) => forgotten(edits, a), `the edit of ${printable(a)} is undone`);
