// What the page shows. Everything that a link must bring back is in the address, and nowhere else.

import { signal } from "@preact/signals";
import { isReport } from "../lib/embedded";

export type View = "graph" | "map" | "variables" | "collections" | "diff" | "lint" | "costs";
export const VIEWS: readonly View[] = ["graph", "map", "variables", "collections", "diff", "lint", "costs"];

export const COLORINGS = ["role", "type", "device", "sharing", "collection", "structure", "dtype"] as const;
export type Coloring = string; // one of these, or the name of a measure that the server offers

// How the graph is looked at; opened scopes and the selection are the trees' own.
export interface GraphViewState {
  roles: string[]; // drawn in place beside the computation
  shown: string[]; // paths that are drawn in place whatever they serve
  unfolded: string[]; // paths whose groups are drawn member by member
  hidden: string[]; // queries; what fits one is not drawn
  only: string[]; // queries; what fits one is drawn alone
  showsRules: boolean; // the bar in which these are written
  items: number; // of one scope, before they are folded
  function: string; // whose body is drawn; empty for the main graph
  through: string[]; // the functions through whose bodies it was come to
  coloring: Coloring;
  isSideways: boolean; // inputs at the left, not at the bottom
  showsAuxiliary: boolean; // the panel of what is hidden by role
  drawsHubs: boolean; // lines to hubs, which are references otherwise
  drawsPlumbing: boolean; // constants, casts, shapes and the like, which are folded into what takes them otherwise
  against: string; // the model that it is compared with
  trace: "" | "inputs" | "outputs" | "paths";
  depth: number; // steps of a trace; 0 for all
  also: string[]; // what is selected beside the one
  link: string[]; // scope, source and target of the link that is selected
  box: string; // x, y and scale of what is in view; empty to fit
}

const LONGEST_COLORING = 300; // letters
export const MOST_ITEMS = 2000; // of one scope: the server draws no more

export const DEFAULT_GRAPH_VIEW: GraphViewState = {
  roles: [],
  shown: [],
  unfolded: [],
  hidden: [],
  only: [],
  showsRules: false,
  items: 150,
  function: "",
  through: [],
  coloring: "role",
  isSideways: false,
  showsAuxiliary: false,
  drawsHubs: false,
  drawsPlumbing: false,
  against: "",
  trace: "",
  depth: 0,
  also: [],
  link: [],
  box: "",
};

export interface Route {
  model: string;
  other: string; // the second model of a diff
  view: View;
  tree: "ops" | "variables";
  selected: string;
  selectedIn: string; // the model that has it, where that is not the one at hand: the other side of a diff
  openOps: string[];
  openVariables: string[];
  query: string;
  graphView: GraphViewState;
  edits: string; // of the pairs of a diff, as the server takes them; empty for none
  isEditing: boolean; // whether pairs of a diff are edited by hand
  filter: string; // of the view at hand: role:forward shared collection:x, sort keys, statuses
}

const EMPTY: Route = {
  model: "",
  other: "",
  view: "graph",
  tree: "variables",
  selected: "",
  selectedIn: "",
  openOps: [],
  openVariables: [],
  query: "",
  filter: "",
  edits: "",
  isEditing: false,
  graphView: DEFAULT_GRAPH_VIEW,
};

export function parseRoute(search: string): Route {
  const found = new URLSearchParams(search);
  const view = found.get("view") as View;
  return {
    model: found.get("model") ?? "",
    other: found.get("with") ?? "",
    view: VIEWS.includes(view) ? view : EMPTY.view,
    tree: found.get("tree") === "ops" ? "ops" : "variables",
    selected: found.get("at") ?? "",
    selectedIn: found.get("in") ?? "",
    openOps: found.getAll("op"),
    openVariables: found.getAll("var"),
    query: found.get("q") ?? "",
    filter: found.get("filter") ?? "",
    edits: unkept(found.get("edits") ?? ""),
    isEditing: found.get("editing") === "on",
    graphView: parseGraphView(found),
  };
}

function parseGraphView(found: URLSearchParams): GraphViewState {
  const coloring = (found.get("color") ?? "").slice(0, LONGEST_COLORING);
  const trace = found.get("trace") as GraphViewState["trace"];
  const link = found.getAll("link");
  return {
    roles: found.getAll("role"),
    shown: found.getAll("show"),
    unfolded: found.getAll("unfold"),
    hidden: found.getAll("hide"),
    only: found.getAll("only"),
    showsRules: found.get("rules") === "shown",
    items: Math.min(MOST_ITEMS, Math.max(10, Number(found.get("items")) || DEFAULT_GRAPH_VIEW.items)),
    function: found.get("function") ?? "",
    through: found.getAll("through"),
    coloring: coloring || DEFAULT_GRAPH_VIEW.coloring,
    isSideways: found.get("inputs") === "left",
    showsAuxiliary: found.get("auxiliary") === "shown",
    drawsHubs: found.get("hubs") === "drawn",
    drawsPlumbing: found.get("plumbing") === "drawn",
    against: found.get("against") ?? "",
    trace: ["inputs", "outputs", "paths"].includes(trace) ? trace : "",
    depth: Math.max(0, Number(found.get("depth")) || 0),
    also: found.getAll("also"),
    link: link.length === 3 ? link : [],
    box: found.get("box") ?? "",
  };
}

export function formatRoute(address: Route): string {
  const query = new URLSearchParams();
  const put = (name: string, value: string, unless = "") => value !== unless && query.set(name, value);
  put("model", address.model);
  put("with", address.other);
  put("view", address.view, EMPTY.view);
  put("tree", address.tree, EMPTY.tree);
  put("at", address.selected);
  put("in", address.selectedIn);
  put("q", address.query);
  put("filter", address.filter);
  put("edits", kept(address.edits));
  put("editing", address.isEditing ? "on" : "");
  const { graphView } = address;
  put("function", graphView.function);
  put("items", String(graphView.items), String(DEFAULT_GRAPH_VIEW.items));
  put("color", graphView.coloring, DEFAULT_GRAPH_VIEW.coloring);
  put("inputs", graphView.isSideways ? "left" : "");
  put("rules", graphView.showsRules ? "shown" : "");
  put("auxiliary", graphView.showsAuxiliary ? "shown" : "");
  put("hubs", graphView.drawsHubs ? "drawn" : "");
  put("plumbing", graphView.drawsPlumbing ? "drawn" : "");
  put("against", graphView.against);
  put("trace", graphView.trace);
  put("depth", graphView.depth ? String(graphView.depth) : "");
  put("box", graphView.box);
  graphView.roles.forEach((role) => query.append("role", role));
  graphView.shown.forEach((path) => query.append("show", path));
  graphView.unfolded.forEach((path) => query.append("unfold", path));
  graphView.hidden.forEach((rule) => query.append("hide", rule));
  graphView.only.forEach((rule) => query.append("only", rule));
  graphView.through.forEach((name) => query.append("through", name));
  graphView.also.forEach((path) => query.append("also", path));
  graphView.link.forEach((end) => query.append("link", end));
  address.openOps.forEach((path) => query.append("op", path));
  address.openVariables.forEach((path) => query.append("var", path));
  const text = query.toString();
  return text ? `?${text}` : "";
}

const LINKED = 3000; // characters of edits that a link holds; others are kept in this tab alone
const KEPT = "kept:";

function kept(edits: string): string {
  if (edits.length <= LINKED) return edits;
  let sum = 5381;
  for (let at = 0; at < edits.length; at += 1) sum = (sum * 33 + edits.charCodeAt(at)) % 2147483647;
  const key = `${KEPT}${edits.length}-${sum}`;
  try {
    sessionStorage.setItem(key, edits);
  } catch {
    // no room, or not permitted: the edits last as long as the page
  }
  return key;
}

function unkept(edits: string): string {
  if (!edits.startsWith(KEPT)) return edits;
  try {
    return sessionStorage.getItem(edits) ?? "";
  } catch {
    return "";
  }
}

export const route = signal<Route>(parseRoute(typeof location === "undefined" ? "" : location.search));
export const pendingReveal = signal(""); // what was selected by name, and not where it is drawn: the graph opens the way to it
export const pendingTreeReveal = signal(""); // the same for the trees
export const pageError = signal("");
export const notice = signal(""); // said once, until it is put away
export const announcement = signal(""); // read aloud by a screen reader

// What the address says; in a report it stands behind the name of the file.
export function readFromAddress(): void {
  route.value = parseRoute(isReport() ? location.hash.slice(1) : location.search);
}

// Going somewhere makes an entry of the history; opening a scope or typing only changes the one at hand.
export function navigate(change: Partial<Route>, keep = false): void {
  const next = { ...route.value, ...("selected" in change ? { selectedIn: "" } : {}), ...change };
  if ("selected" in change && !("graphView" in change))
    next.graphView = { ...next.graphView, trace: "", also: [], link: [] };
  const text = formatRoute(next);
  if (change.selected !== undefined) pendingReveal.value = pendingTreeReveal.value = change.selected;
  if (text === formatRoute(route.value)) return;
  route.value = next;
  const url = isReport() ? `#${text}` : `${location.pathname}${text}`; // a file has one address
  if (keep) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
}

// What is selected with others, traced and linked belongs together: selecting something else leaves all of it.
export function changeGraphView(change: Partial<GraphViewState>, keep = false): void {
  navigate({ graphView: { ...route.value.graphView, ...change } }, keep);
}

// Draw the body of a function, or the main graph; a way through several bodies is kept, so that it can be gone back.
export function enterFunction(name: string, through: string[]): void {
  const { coloring, isSideways } = route.value.graphView;
  navigate({
    view: "graph",
    openOps: [],
    selected: "",
    graphView: { ...DEFAULT_GRAPH_VIEW, coloring, isSideways, function: name, through },
  });
}

export function functionPath({ graphView }: Route): string[] {
  return graphView.function ? [...graphView.through, graphView.function] : [];
}

// Select what is on the screen already.
export function selectDrawn(path: string): void {
  navigate({ selected: path });
  pendingReveal.value = pendingTreeReveal.value = "";
}

// Select one more, or one less; what was selected first stays the one that is shown in full.
export function toggleSelected(path: string): void {
  const { selected, graphView } = route.value;
  const names = toggled(selected ? [selected, ...graphView.also] : [], path);
  const trace = graphView.trace === "paths" && names.length !== 2 ? "" : graphView.trace;
  navigate({ selected: names[0] ?? "", graphView: { ...graphView, also: names.slice(1), trace, link: [] } });
  pendingReveal.value = pendingTreeReveal.value = "";
}

// Another view; what is selected in the body of a function is no name there.
export function showView(view: View): void {
  const isElsewhere = route.value.graphView.function !== "" && view !== "graph";
  navigate({
    view,
    filter: "",
    ...(isElsewhere ? { selected: "", graphView: { ...route.value.graphView, function: "", through: [] } } : {}),
  });
}

export function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) found.push(path.slice(0, end));
  return found;
}

export const union = (some: string[], more: string[]) => [...new Set([...some, ...more])];

export function toggled(list: string[], path: string): string[] {
  return list.includes(path) ? list.filter((other) => other !== path) : [...list, path];
}
