// Asks the server. Every answer has the type that the server describes (schema.ts); a refusal is a sentence.

import { signal } from "@preact/signals";
import { notice } from "../app/route";
import { about, embeddedAnswer, embeddedPage, isReport, nearestMap, type Pair } from "./embedded";
import type {
  CardText,
  CollectionsReport,
  ConvertedFile,
  CostReport,
  Detail,
  DiffCode,
  DiffMap,
  DiffReport,
  FindingsByScope,
  FindResult,
  GraphEdges,
  GraphPicture,
  LintReport,
  MapOpening,
  Measure,
  ModelCard,
  ModelSummary,
  Opening,
  OpenModel,
  PictureChanges,
  PictureMeasure,
  PlacesPage,
  RulePage,
  RunList,
  ScopeMap,
  SourceExcerpt,
  Trace,
  TreePage,
  CommonVariables,
  VariableTablePage,
  VariableValues,
} from "./schema";

// Questions that are not answered yet: what is not urgent is asked when there are none.
export const pending = signal(0);

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly choices: string[] = [],
  ) {
    super(message);
  }
}

type Parameters = Record<string, string | number | boolean | string[] | null | undefined>;

function pairsOf(parameters: Parameters): Pair[] {
  return Object.entries(parameters).flatMap(([name, value]) =>
    value === null || value === undefined || value === ""
      ? []
      : (Array.isArray(value) ? value : [String(value)]).map((item): Pair => [name, item]),
  );
}

export function address(path: string, parameters: Parameters = {}): string {
  const text = new URLSearchParams(pairsOf(parameters)).toString();
  return `api/${path}${text ? `?${text}` : ""}`; // beside the page, which may lie below TensorBoard
}

async function ask<Answer>(path: string, parameters?: Parameters, init?: RequestInit): Promise<Answer> {
  if (isReport()) return inReport<Answer>(path, parameters, init);
  let answer: Response;
  pending.value += 1;
  try {
    answer = await fetch(address(path, parameters), init);
  } catch {
    throw new ApiError(
      "The server does not answer. Is scopeview still running? It is asked again every few seconds.",
      0,
    );
  } finally {
    pending.value -= 1;
  }
  if (answer.ok) return (await answer.json()) as Answer;
  const body = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
  throw new ApiError(String(body.error ?? notUnderstood(body.detail)), answer.status, body.choices ?? []);
}

const NEAREST = "This report does not hold the map with just these scopes open: the nearest that it holds is shown.";

function inReport<Answer>(path: string, parameters: Parameters = {}, init?: RequestInit): Answer {
  const pairs = pairsOf(parameters);
  const text = init?.method ? undefined : embeddedAnswer(path, pairs);
  if (text !== undefined) {
    if (path.endsWith("/map") && notice.value === NEAREST) notice.value = "";
    return JSON.parse(text) as Answer;
  }
  const page = init?.method ? null : embeddedPage(path, pairs);
  if (page) return page as Answer;
  const near = nearestMap(path, pairs);
  if (near !== undefined) {
    notice.value = NEAREST;
    return JSON.parse(near) as Answer;
  }
  throw new ApiError(`This report does not hold that. To see it: ${about.value?.command ?? "scopeview serve"}`, 404);
}

// What the server says of a question whose parameters it cannot take.
function notUnderstood(detail: unknown): string {
  const first = Array.isArray(detail) ? (detail[0] as { loc?: (string | number)[]; msg?: string }) : {};
  return `This address cannot be shown: ${first.loc?.at(-1) ?? "a parameter"}: ${first.msg ?? "not understood"}. Choose another view.`;
}

const posted = (body: object): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

const of = (model: string, question: string) => `models/${encodeURIComponent(model)}/${question}`;

export const api = {
  models: () => ask<OpenModel[]>("models"),
  open: (path: string, choice: { artifact?: string; tags?: string[] } = {}) =>
    ask<OpenModel>("models", {}, posted({ path, ...choice })),
  upload: (file: File, sent: { name: string; group: string; left: number }) =>
    ask<OpenModel[]>("upload", sent, { method: "POST", body: file }),
  close: (model: string) => ask<OpenModel[]>(`models/${encodeURIComponent(model)}`, {}, { method: "DELETE" }),
  reload: (model: string) => ask<OpenModel>(of(model, "reload"), {}, { method: "POST" }),
  import: (model: string) => ask<OpenModel>(of(model, "import"), {}, { method: "POST" }),
  runs: () => ask<RunList>("runs"),
  places: (under: string) => ask<PlacesPage>("places", { under }),
  card: (model: string) => ask<ModelCard>(of(model, "card")),
  cardText: (model: string) => ask<CardText>(of(model, "card/markdown")),
  summary: (model: string) => ask<ModelSummary>(of(model, "summary")),
  tree: (model: string, tree: "ops" | "variables", scope: string, offset = 0, fold = true) =>
    ask<TreePage>(of(model, "tree"), { tree, scope, offset, limit: 500, fold }),
  findings: (model: string, scope: string) => ask<FindingsByScope>(of(model, "findings"), { scope }),
  show: (model: string, name: string) => ask<Detail>(of(model, "show"), { name }),
  find: (model: string, q: string, offset = 0) =>
    ask<FindResult>(of(model, "find"), { q, offset, limit: 100, typing: true }),
  collections: (model: string, limit = 100) => ask<CollectionsReport>(of(model, "collections"), { limit }),
  lint: (model: string, checkpoint = "") => ask<LintReport>(of(model, "lint"), { checkpoint }),
  rule: (code: string) => ask<RulePage>(`lint/rules/${encodeURIComponent(code)}`),
  map: (model: string, parameters: Parameters) => ask<ScopeMap>(of(model, "map"), parameters),
  mapOpening: (model: string) => ask<MapOpening>(of(model, "map/opening")),
  costs: (model: string, parameters: Parameters) => ask<CostReport>(of(model, "costs"), parameters),
  variables: (model: string, parameters: Parameters) => ask<VariableTablePage>(of(model, "variables"), parameters),
  graph: (model: string, parameters: Parameters) => ask<GraphPicture>(of(model, "graph"), parameters),
  commonVariables: (model: string, names: string[]) =>
    ask<CommonVariables>(of(model, "graph/used-by-all"), { name: names }),
  opening: (model: string) => ask<Opening>(of(model, "graph/opening")),
  measures: (model: string) => ask<Measure[]>(of(model, "graph/measures")),
  measure: (model: string, parameters: Parameters) => ask<PictureMeasure>(of(model, "graph/measure"), parameters),
  graphEdges: (model: string, parameters: Parameters) => ask<GraphEdges>(of(model, "graph/edges"), parameters),
  trace: (model: string, parameters: Parameters) => ask<Trace>(of(model, "graph/trace"), parameters),
  source: (model: string, file: string, line: number) => ask<SourceExcerpt>(of(model, "source"), { file, line }),
  valuesOf: (model: string, name: string) => ask<VariableValues[]>(of(model, "values-of"), { name }),
  diffMap: (a: string, b: string, parameters: Parameters) => ask<DiffMap>("diff/map", { a, b, ...parameters }),
  diffGraph: (a: string, b: string, parameters: Parameters) =>
    ask<PictureChanges>("diff/graph", { a, b, ...parameters }),
  diffCode: (a: string, b: string, form: string, edits: string) => ask<DiffCode>("diff/code", { a, b, form, edits }),
  convert: (wanted: object) => ask<ConvertedFile>("diff/converted", {}, posted(wanted)),
  diff: (a: string, b: string, parameters: Parameters = {}) => ask<DiffReport>("diff", { a, b, ...parameters }),
};

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function errorChoices(error: unknown): string[] {
  return error instanceof ApiError ? error.choices : [];
}
