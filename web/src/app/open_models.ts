// The models that are open, and which of them is shown.

import { computed, effect, signal } from "@preact/signals";
import { api, errorMessage } from "../lib/api";
import { isReport } from "../lib/embedded";
import { short } from "../lib/format";
import type { Opening, OpenModel } from "../lib/schema";
import {
  DEFAULT_GRAPH_VIEW,
  navigate,
  notice,
  pageError,
  pendingTreeReveal,
  readFromAddress,
  route,
  type Route,
} from "./route";

export const models = signal<OpenModel[]>([]);
export const isDisconnected = signal(false); // whether the server did not answer the last question
export const reconnects = signal(0); // how often it has come back
let newlyShown = ""; // the model that was shown without an address that says how

export const current = computed(() => models.value.find((model) => model.id === route.value.model));

export async function refreshModels(): Promise<void> {
  try {
    models.value = await api.models();
    pageError.value = "";
  } catch (error) {
    pageError.value = errorMessage(error);
    isDisconnected.value = true;
    return;
  }
  if (isDisconnected.value) {
    isDisconnected.value = false;
    reconnects.value += 1; // what could not be asked is asked again
  }
  const first = models.value[0];
  if (first && !models.value.some((model) => model.id === route.value.model)) {
    if (route.value.model) notice.value = "The model of this address is not open here; another one is shown.";
    navigate({ model: first.id }, true);
    newlyShown = first.id;
  }
  if (newlyShown) showFirst();
}

// The path of a model without the ending that says which part of it this is.
const stem = (id: string) =>
  models.value.find((one) => one.id === id)?.path.replace(/\.(meta|pb|pbtxt|index|ckpt)$/, "");

// What a model is most often compared with: what lies beside it under the same name, as a graph and its checkpoint do.
export function counterpart(model: string, isFit: (one: OpenModel) => boolean = () => true): string {
  const others = models.value.filter((one) => one.id !== model && one.state === "ready" && isFit(one));
  return (others.find((one) => stem(one.id) === stem(model)) ?? others[0])?.id ?? "";
}

// The checkpoint that a graph is surely compared with: of its own name, or the only other thing that is open.
export function ownCheckpoint(model: string): string {
  const found = counterpart(model, (one) => one.holds_values);
  return models.value.length === 2 || stem(found) === stem(model) ? found : "";
}

// Another model, of which nobody has opened anything: what was selected in the one before is not there.
export function afresh(model: string): Partial<Route> {
  return { model, selected: "", openOps: [], openVariables: [], filter: "", edits: "", graphView: DEFAULT_GRAPH_VIEW };
}

export function showModel(model: string): void {
  navigate(afresh(model));
  newlyShown = model;
  showFirst();
}

// The model whose first picture is still to be chosen; an address that names a model is never changed so: what it does
// not name is closed.
export const needsFirstPicture = signal("");

let firstAsked: { model: string; opening: Promise<Opening> } | undefined;

// What to open of a model: asked for as soon as it is read, before all that is shown beside its first picture.
export const openingOf = (model: string): Promise<Opening> =>
  firstAsked?.model === model ? firstAsked.opening : api.opening(model);

// What an address left open is decided when the model is read: a checkpoint has no graph, a graph has a first picture.
function showFirst(): void {
  if (current.value?.state === "loading") return; // it is tried again when the list of models says more
  const { view, openOps, selected, graphView } = route.value;
  const isOpened = openOps.length > 0 || selected !== "" || graphView.function !== "" || graphView.box !== "";
  const isReady = current.value?.id === newlyShown && current.value.state === "ready";
  const model = newlyShown;
  newlyShown = "";
  if (!isReady || view !== "graph") return;
  if (!current.value?.ops) navigate({ view: "variables" }, true);
  else if (!isOpened) {
    firstAsked = { model, opening: api.opening(model) };
    firstAsked.opening.catch(() => (firstAsked = undefined)); // the drawing asks again, and says what is wrong
    needsFirstPicture.value = model;
  }
}

export function start(): void {
  // An address written by hand may name a place and nothing that is open: the way there is opened.
  if (route.value.selected && !route.value.openOps.length && !route.value.openVariables.length)
    pendingTreeReveal.value = route.value.selected;
  addEventListener("popstate", readFromAddress);
  void refreshModels();
  effect(() => {
    const path = current.value?.path;
    document.title = path ? `${short([path])[0]} · scopeview` : "scopeview";
  });
  if (isReport()) return; // nothing changes there
  // While something is being read the list is asked for again; otherwise now and then, to see files that changed.
  let waiting = 0;
  effect(() => {
    const isLoading = models.value.some((model) => model.state === "loading");
    const isImporting = models.value.some((model) => model.imported === "waiting");
    const wait = isLoading ? 150 : isImporting ? 1000 : isDisconnected.value ? 3000 : 5000;
    clearTimeout(waiting);
    const again = () =>
      void refreshModels().finally(() => (waiting = isDisconnected.value ? window.setTimeout(again, wait) : waiting));
    waiting = window.setTimeout(again, wait);
  });
  addEventListener("focus", () => void refreshModels()); // a file may have changed while one was elsewhere
}
