// What the table of costs shows, as the address holds it: `sort:flops ops run:step1 in:model/layer_1`.

import { COST_COLUMNS } from "../../lib/declared";

export type Sort = NonNullable<(typeof COST_COLUMNS)[number]["sort"]>;

export interface Choice {
  scope: string;
  sort: Sort | ""; // empty for the server's own: time, or FLOPs where no step was recorded
  run: string; // the recorded step; empty for the last one
  isByOp: boolean;
}

const SORTS = COST_COLUMNS.flatMap(({ sort }) => (sort ? [sort] : []));

export function readChoice(text: string): Choice {
  const words = text.split(" ").filter(Boolean);
  const of = (name: string) => words.find((word) => word.startsWith(`${name}:`))?.slice(name.length + 1) ?? "";
  return {
    scope: decoded(of("in")),
    sort: SORTS.find((sort) => sort === of("sort")) ?? "",
    run: decoded(of("run")),
    isByOp: words.includes("ops"),
  };
}

export function writeChoice({ scope, sort, run, isByOp }: Choice): string {
  const words = [
    sort ? `sort:${sort}` : "",
    isByOp ? "ops" : "",
    run ? `run:${encodeURIComponent(run)}` : "",
    scope ? `in:${encodeURIComponent(scope)}` : "",
  ];
  return words.filter(Boolean).join(" ");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return ""; // written by hand
  }
}
