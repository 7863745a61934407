// A report: the page in a file of its own, with answers inside, and nobody to ask (`scopeview report --interactive`).
//
// The file holds three packed texts: what it is of, the layout engine, and a line for each question that it answers.

import { signal } from "@preact/signals";
import { withRules } from "./embedded_rules";
import { find, indexOf, variablesIn, type Index, type Lookup } from "./embedded_search";
import type { GraphPicture } from "./schema";

export interface AboutReport {
  sentences: string[]; // what it is of, and what it leaves out
  command: string; // what shows all of it
}

export type Pair = [name: string, value: string];

export const about = signal<AboutReport | null>(null);

let engine = "";
let answers = new Map<string, string>();

export const isReport = (): boolean => about.value !== null;

// The address of the layout engine in a report; empty where a server has it.
export const embeddedEngine = (): string => engine;

// Reads what the file holds; where a server has sent the page it holds nothing.
export async function readEmbedded(): Promise<void> {
  const described = bytesOf("about");
  if (!described) return;
  const [script, lines] = await Promise.all([unpacked("engine"), unpacked("answers")]);
  engine = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  answers = answersOf(lines);
  about.value = JSON.parse(new TextDecoder().decode(described)) as AboutReport;
}

export function answersOf(lines: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of lines.split("\n")) {
    const end = line.indexOf("\t");
    if (end > 0) found.set(keyOf(...(JSON.parse(line.slice(0, end)) as [string, Pair[]])), line.slice(end + 1));
  }
  return found;
}

function keyOf(path: string, pairs: Pair[]): string {
  return JSON.stringify([path, pairs.map((pair) => JSON.stringify(pair)).sort()]);
}

// The answer to a question, or to the nearest one that shows the same scope; undefined where the report has neither.
export function embeddedAnswer(path: string, pairs: Pair[], from = answers): string | undefined {
  return alike(path, pairs)
    .map((one) => from.get(keyOf(path, one)))
    .find((text) => text !== undefined);
}

const lookup: Lookup = (path, parameters) => {
  const text = answers.get(keyOf(path, Object.entries(parameters)));
  return text === undefined ? null : JSON.parse(text);
};
const indexes = new Map<string, Index>();

// What is searched and filtered in the file itself; null for all other questions.
export function embeddedPage(path: string, pairs: Pair[]): object | null {
  const [, of, question] = /^(models\/[^/]*\/)(find|variables|graph)$/.exec(path) ?? [];
  if (of === undefined) return null;
  const asked = Object.fromEntries(pairs);
  if (question === "graph") return ruled(path, pairs);
  if (question === "variables") return variablesIn(of, asked, lookup);
  let index = indexes.get(of);
  if (!index) indexes.set(of, (index = indexOf(of, lookup)));
  return find(index, asked.q ?? "", Number(asked.offset ?? 0), Number(asked.limit ?? 100), about.value?.command ?? "");
}

const isRule = ([name]: Pair) => name === "hide" || name === "only";

function ruled(path: string, pairs: Pair[]): object | null {
  const text = pairs.some(isRule) ? embeddedAnswer(path, without(pairs)) : undefined;
  const of = (rule: string) => pairs.flatMap(([name, value]) => (name === rule ? [value] : []));
  return text === undefined ? null : withRules(JSON.parse(text) as GraphPicture, of("hide"), of("only"));
}

const without = (pairs: Pair[]) => pairs.filter((pair) => !isRule(pair));

// Of the maps that a report holds, the one with most of these scopes open and fewest others.
export function nearestMap(path: string, pairs: Pair[], from = answers): string | undefined {
  if (!path.endsWith("/map")) return undefined;
  const split = (some: string[]) => ({
    opened: new Set(some.filter((one) => OPENED.test(one))),
    other: some.filter((one) => !OPENED.test(one)).join(),
  });
  const wanted = split(pairs.map((pair) => JSON.stringify(pair)).sort());
  let best: { missed: number; text: string } | undefined;
  for (const [key, text] of from) {
    const [ofPath, asked] = JSON.parse(key) as [string, string[]];
    const held = split(asked);
    if (ofPath !== path || held.other !== wanted.other) continue;
    const common = [...held.opened].filter((one) => wanted.opened.has(one)).length;
    const missed = wanted.opened.size + held.opened.size - 2 * common;
    if (!best || missed < best.missed) best = { missed, text };
  }
  return best?.text;
}

const OPENED = /^\["(left|right)",/;

const [FOLDED_AT, UNFOLDED_AT] = ["60", "2000"]; // items of a scope, of which a report has pictures: report_questions.py
const AS_LINKED = 150; // items that are drawn where nobody asked for more

// A report has each scope folded as the first picture is, and whole; groups that are expanded elsewhere change nothing in it.
function alike(path: string, pairs: Pair[]): Pair[][] {
  if (!/\/graph(\/edges|\/measure)?$/.test(path)) return [pairs];
  const scope = pairs.find(([name]) => name === "scope")?.[1] ?? "";
  const plain = path.endsWith("/graph") ? pairs : without(pairs); // what is hidden changes nothing between two boxes
  const own = plain.filter(([name, value]) => name !== "unfold" || value.replace(/\/?[^/]*$/, "") === scope);
  const asked = Number(pairs.find(([name]) => name === "items")?.[1]);
  const items = asked > AS_LINKED ? [UNFOLDED_AT, FOLDED_AT] : [FOLDED_AT];
  const folded = (some: Pair[], to: string) =>
    some.map(([name, value]): Pair => (name === "items" ? [name, to] : [name, value]));
  return [pairs, own, ...items.map((to) => folded(own, to))];
}

function bytesOf(id: string): Uint8Array<ArrayBuffer> | null {
  const text = typeof document === "undefined" ? null : document.getElementById(id)?.textContent;
  return text ? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)) : null;
}

async function unpacked(id: string): Promise<string> {
  const stream = new Blob([bytesOf(id)!]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}
