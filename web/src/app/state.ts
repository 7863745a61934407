// What the page shows. Everything that a link must bring back is in the address, and nowhere else.

import { computed, effect, signal } from "@preact/signals";
import { api, Refusal } from "../lib/api";
import type { OpenModel } from "../lib/schema";

export type View = "graph" | "map" | "variables" | "collections" | "diff" | "lint";
export const VIEWS: readonly View[] = ["graph", "map", "variables", "collections", "diff", "lint"];

export const COLOURINGS = ["role", "type", "device", "sharing", "collection", "structure", "dtype"] as const;
export type Colouring = (typeof COLOURINGS)[number];

// How the graph is looked at; opened scopes and the selection are the trees' own.
export interface Sight {
  roles: string[]; // drawn in place beside the computation
  shown: string[]; // paths that are drawn in place whatever they serve
  unfolded: string[]; // paths whose groups are drawn member by member
  items: number; // of one scope, before they are folded
  function: string; // whose body is drawn; empty for the main graph
  through: string[]; // the functions through whose bodies it was come to
  colouring: Colouring;
  isSideways: boolean; // inputs at the left, not at the bottom
  hidesAside: boolean;
  against: string; // the model that it is compared with
  trace: "" | "inputs" | "outputs" | "paths";
  depth: number; // steps of a trace; 0 for all
  also: string[]; // what is selected beside the one
  link: string[]; // scope, source and target of the link that is selected
  box: string; // x, y and scale of what is in view; empty to fit
}

export const MOST_ITEMS = 2000; // of one scope: the server draws no more

export const SIGHT: Sight = {
  roles: [],
  shown: [],
  unfolded: [],
  items: 150,
  function: "",
  through: [],
  colouring: "role",
  isSideways: false,
  hidesAside: false,
  against: "",
  trace: "",
  depth: 0,
  also: [],
  link: [],
  box: "",
};

export interface Address {
  model: string;
  other: string; // the second model of a diff
  view: View;
  tree: "ops" | "variables";
  selected: string;
  selectedIn: string; // the model that has it, where that is not the one at hand: the other side of a diff
  openOps: string[];
  openVariables: string[];
  query: string;
  sight: Sight;
  filter: string; // of the view at hand: role:forward shared collection:x, sort keys, statuses
}

const EMPTY: Address = {
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
  sight: SIGHT,
};

export function parseAddress(search: string): Address {
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
    sight: parseSight(found),
  };
}

function parseSight(found: URLSearchParams): Sight {
  const colouring = found.get("colour") as Colouring;
  const trace = found.get("trace") as Sight["trace"];
  const link = found.getAll("link");
  return {
    roles: found.getAll("role"),
    shown: found.getAll("show"),
    unfolded: found.getAll("unfold"),
    items: Math.min(MOST_ITEMS, Math.max(10, Number(found.get("items")) || SIGHT.items)),
    function: found.get("function") ?? "",
    through: found.getAll("through"),
    colouring: COLOURINGS.includes(colouring) ? colouring : SIGHT.colouring,
    isSideways: found.get("inputs") === "left",
    hidesAside: found.get("aside") === "hidden",
    against: found.get("against") ?? "",
    trace: ["inputs", "outputs", "paths"].includes(trace) ? trace : "",
    depth: Math.max(0, Number(found.get("depth")) || 0),
    also: found.getAll("also"),
    link: link.length === 3 ? link : [],
    box: found.get("box") ?? "",
  };
}

export function writeAddress(address: Address): string {
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
  const { sight } = address;
  put("function", sight.function);
  put("items", String(sight.items), String(SIGHT.items));
  put("colour", sight.colouring, SIGHT.colouring);
  put("inputs", sight.isSideways ? "left" : "");
  put("aside", sight.hidesAside ? "hidden" : "");
  put("against", sight.against);
  put("trace", sight.trace);
  put("depth", sight.depth ? String(sight.depth) : "");
  put("box", sight.box);
  sight.roles.forEach((role) => query.append("role", role));
  sight.shown.forEach((path) => query.append("show", path));
  sight.unfolded.forEach((path) => query.append("unfold", path));
  sight.through.forEach((name) => query.append("through", name));
  sight.also.forEach((path) => query.append("also", path));
  sight.link.forEach((end) => query.append("link", end));
  address.openOps.forEach((path) => query.append("op", path));
  address.openVariables.forEach((path) => query.append("var", path));
  const text = query.toString();
  return text ? `?${text}` : "";
}

export const at = signal<Address>(parseAddress(typeof location === "undefined" ? "" : location.search));
export const models = signal<OpenModel[]>([]);
export const sought = signal(""); // what was selected by name, and not where it is drawn: the graph opens the way to it
export const reached = signal(""); // the same for the trees
export const trouble = signal("");
export const notice = signal(""); // said once, until it is put away
export const isLost = signal(false); // whether the server has not answered when it was last asked
export const back = signal(0); // how often it has come back
export const announced = signal(""); // read aloud by a screen reader

// Going somewhere makes an entry of the history; opening a scope or typing only changes the one at hand.
export function go(change: Partial<Address>, keep = false): void {
  const next = { ...at.value, ...("selected" in change ? { selectedIn: "" } : {}), ...change };
  if ("selected" in change && !("sight" in change)) next.sight = { ...next.sight, trace: "", also: [], link: [] };
  const text = writeAddress(next);
  if (change.selected !== undefined) sought.value = reached.value = change.selected;
  if (text === writeAddress(at.value)) return;
  at.value = next;
  const url = `${location.pathname}${text}`;
  if (keep) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
}

// What is selected with others, traced and linked belongs together: selecting something else leaves all of it.
export function look(change: Partial<Sight>, keep = false): void {
  go({ sight: { ...at.value.sight, ...change } }, keep);
}

// Draw the body of a function, or the main graph; a way through several bodies is kept, so that it can be gone back.
export function enter(name: string, through: string[]): void {
  const { colouring, isSideways } = at.value.sight;
  go({ view: "graph", openOps: [], selected: "", sight: { ...SIGHT, colouring, isSideways, function: name, through } });
}

export function within({ sight }: Address): string[] {
  return sight.function ? [...sight.through, sight.function] : [];
}

// Select what is on the screen already.
export function pick(path: string): void {
  go({ selected: path });
  sought.value = reached.value = "";
}

// Select one more, or one less; what was selected first stays the one that is told in full.
export function selectAlso(path: string): void {
  const { selected, sight } = at.value;
  const names = toggled(selected ? [selected, ...sight.also] : [], path);
  const trace = sight.trace === "paths" && names.length !== 2 ? "" : sight.trace;
  go({ selected: names[0] ?? "", sight: { ...sight, also: names.slice(1), trace, link: [] } });
  sought.value = reached.value = "";
}

// Another view; what is selected in the body of a function is no name there.
export function show(view: View): void {
  const isElsewhere = at.value.sight.function !== "" && view !== "graph";
  go({
    view,
    filter: "",
    ...(isElsewhere ? { selected: "", sight: { ...at.value.sight, function: "", through: [] } } : {}),
  });
}

export function above(path: string): string[] {
  const found: string[] = [];
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) found.push(path.slice(0, end));
  return found;
}

export const joined = (some: string[], more: string[]) => [...new Set([...some, ...more])];

export function toggled(list: string[], path: string): string[] {
  return list.includes(path) ? list.filter((other) => other !== path) : [...list, path];
}

export const current = computed(() => models.value.find((model) => model.id === at.value.model));

export async function refreshModels(): Promise<void> {
  try {
    models.value = await api.models();
    trouble.value = "";
  } catch (error) {
    trouble.value = said(error);
    isLost.value = true;
    return;
  }
  if (isLost.value) {
    isLost.value = false;
    back.value += 1; // what could not be asked is asked again
  }
  const first = models.value[0];
  if (first && !models.value.some((model) => model.id === at.value.model)) {
    if (at.value.model) notice.value = "The model of this address is not open here; another one is shown.";
    go({ model: first.id }, true);
    fresh = first.id;
  }
  if (fresh) void openMain();
}

// The path of a model without the ending that says which part of it this is.
const stem = (id: string) =>
  models.value.find((one) => one.id === id)?.path.replace(/\.(meta|pb|pbtxt|index|ckpt)$/, "");

// What a model is most often held against: what lies beside it under the same name, as a graph and its checkpoint do.
export function counterpart(model: string, isFit: (one: OpenModel) => boolean = () => true): string {
  const others = models.value.filter((one) => one.id !== model && one.state === "ready" && isFit(one));
  return (others.find((one) => stem(one.id) === stem(model)) ?? others[0])?.id ?? "";
}

// The checkpoint that a graph is surely held against: of its own name, or the only other thing that is open.
export function ownCheckpoint(model: string): string {
  const found = counterpart(model, (one) => one.holds_values);
  return models.value.length === 2 || stem(found) === stem(model) ? found : "";
}

// Show another model, as if nobody had opened anything of it.
export function lookInto(model: string): void {
  go({ model, selected: "", openOps: [], openVariables: [], filter: "", sight: SIGHT });
  fresh = model;
  void openMain();
}

let fresh = ""; // the model that no address has told anything of yet

// The graph of a fresh model is shown with the scope open that holds most of the computation. An address that names a
// model is never changed so: what it does not name is closed.
async function openMain(): Promise<void> {
  if (current.value?.state === "loading") return; // it is tried again when the list of models says more
  const { model, view, openOps, selected, sight } = at.value;
  const isOpened = openOps.length > 0 || selected !== "" || sight.function !== "" || sight.box !== "";
  const isReady = current.value?.id === fresh && current.value.state === "ready";
  fresh = "";
  if (isReady && view === "graph" && !current.value?.ops) return go({ view: "variables" }, true); // a checkpoint has no graph
  if (!isReady || isOpened || view !== "graph") return;
  const asked = writeAddress(at.value);
  const { scopes } = await api.opening(model).catch(() => ({ scopes: [] }));
  if (scopes.length && writeAddress(at.value) === asked) go({ openOps: scopes }, true);
}

export function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function choices(error: unknown): string[] {
  return error instanceof Refusal ? error.choices : [];
}

export function start(): void {
  // An address written by hand may name a place and nothing that is open: the way there is opened.
  if (at.value.selected && !at.value.openOps.length && !at.value.openVariables.length)
    reached.value = at.value.selected;
  addEventListener("popstate", () => (at.value = parseAddress(location.search)));
  void refreshModels();
  // While something is being read the list is asked for again; otherwise now and then, to see files that changed.
  let waiting = 0;
  effect(() => {
    const isLoading = models.value.some((model) => model.state === "loading");
    const isImporting = models.value.some((model) => model.imported === "waiting");
    const wait = isLoading ? 300 : isImporting ? 1000 : isLost.value ? 3000 : 5000;
    clearTimeout(waiting);
    const again = () =>
      void refreshModels().finally(() => (waiting = isLost.value ? window.setTimeout(again, wait) : waiting));
    waiting = window.setTimeout(again, wait);
  });
  addEventListener("focus", () => void refreshModels()); // a file may have changed while one was elsewhere
  effect(() => {
    const path = current.value?.path;
    document.title = path ? `${path.split("/").pop()} · scopeview` : "scopeview";
  });
}
