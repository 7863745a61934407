// What boxes are colored by where it is a number or text of each: costs, and overlays from files.

import { useMemo } from "preact/hooks";
import { COLORINGS, route } from "../../app/route";
import { api } from "../../lib/api";
import { bytes, shortCount, time } from "../../lib/format";
import { useQuery } from "../../lib/use_query";
import type { ItemMeasure, Measure, PictureMeasure } from "../../lib/schema";
import { parametersOf, type Drawing, type GraphQuery } from "./store";

export interface Measured {
  measure: Measure;
  byKey: Map<string, ItemMeasure>; // by the key of an item
  bounds: number[];
  unmatched: string[];
  totalUnmatched: number;
}

export const isMeasure = (coloring: string) => !(COLORINGS as readonly string[]).includes(coloring);

// What can be chosen beside the colorings that every picture holds.
export function useMeasures(): Measure[] {
  const { model, graphView } = route.value;
  const asked = graphView.function || !model ? null : `measures ${model}`;
  return useQuery(asked, () => api.measures(model)).answer ?? [];
}

export function useMeasure(
  drawing: Drawing | undefined,
  query: GraphQuery,
): { measured: Measured | null; error: string } {
  const { graphView } = route.value;
  const name = graphView.coloring;
  const isAsked = isMeasure(name) && !graphView.function && !!drawing;
  const scopes = drawing?.subgraphs.map((picture) => picture.scope) ?? [];
  const result = useQuery(isAsked ? JSON.stringify([name, query, scopes]) : null, () =>
    Promise.all(scopes.map((scope) => api.measure(query.model, { ...parametersOf(query, scope), name }))),
  );
  const measured = useMemo(
    () => (isAsked && result.answer?.length ? together(result.answer) : null),
    [result.answer, isAsked],
  );
  return { measured, error: isAsked ? result.error : "" };
}

function together(answers: PictureMeasure[]): Measured {
  const [first] = answers;
  return {
    measure: first!.measure,
    byKey: new Map(answers.flatMap(({ scope, items }) => items.map((item) => [`${scope}\n${item.id}`, item]))),
    bounds: first!.bounds,
    unmatched: first!.unmatched,
    totalUnmatched: first!.total_unmatched,
  };
}

// A number with its unit, as the command line writes it.
export function amount(number: number, unit: string): string {
  if (unit === "bytes") return bytes(Math.round(number));
  if (unit === "flops" || unit === "elements") return shortCount(Math.round(number));
  return unit === "us" ? time(number) : `${Number(number.toPrecision(3))}${unit ? ` ${unit}` : ""}`;
}
