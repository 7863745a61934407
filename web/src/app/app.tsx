// The frame: what is open, search, views; trees on the left, the view in the middle, what is selected on the right.

import { useEffect, useState } from "preact/hooks";
import { api } from "../lib/api";
import { about, isReport } from "../lib/embedded";
import { printable } from "../lib/format";
import { Costs } from "../views/costs/costs";
import { Collections } from "../views/collections/collections";
import { Dialog } from "../lib/dialog";
import { remember } from "../lib/remembered";
import { Diff } from "../views/diff/diff";
import { prepare } from "../views/graph/engine";
import { GraphView } from "../views/graph/graph_view";
import { Inspector } from "../panels/inspector/inspector";
import { Lint } from "../views/lint/lint";
import { ScopeMapView } from "../views/map/scope_map_view";
import { closeModel, ModelOptions } from "./models";
import { NotReady, Welcome } from "./not_ready";
import { OpenDialog, useDrop } from "../panels/open/open_dialog";
import { isInTensorBoard, RunBar } from "../panels/run_bar";
import { Search } from "../panels/search";
import { fold, folded, paneStyle, Splitter } from "./splitter";
import { current, showModel, refreshModels } from "./open_models";
import { announcement, route, navigate, notice, showView, pageError, VIEWS, type View } from "./route";
import { Summary } from "../panels/summary";
import { useReveal } from "../panels/tree/reveal";
import { Tree } from "../panels/tree/tree";
import { Variables } from "../views/variables/variables";

const NAMES: Record<View, string> = {
  graph: "Graph",
  map: "Map",
  variables: "Variables",
  collections: "Collections",
  diff: "Diff",
  lint: "Lint",
  costs: "Costs",
};
const KEYS: [string, string][] = [
  ["/", "search"],
  ["1 – 7", "views"],
  ["o, v", "op tree, variable tree"],
  ["↑ ↓ → ←", "walk a tree, the table, the map; to the next box"],
  ["Enter", "open and select"],
  ["Home, End, letters", "jump in a tree"],
  ["*", "open all scopes beside"],
  ["+, −", "expand or collapse a group of numbered scopes"],
  ["f, +, −", "fit and zoom the graph"],
  ["e, E", "next and previous edge of a box"],
  ["h, i, H", "hide or isolate what is selected, bring all back"],
  ["t, T", "trace inputs, outputs"],
  ["Shift-click, Shift-Space", "select several"],
  ["p", "paths between two; in a diff that is edited, take a name for a pair"],
  ["Delete", "in a diff that is edited, reject a pair"],
  ["[, ]", "hide or show the trees, the inspector"],
  ["d", "light or dark"],
  ["?", "these keys"],
  ["Esc", "close; out of a trace, a scope"],
];

export function App() {
  const [isOpening, setOpening] = useState(false);
  const [isHelping, setHelping] = useState(false);
  const [problem, setProblem] = useState("");
  const [sending, setSending] = useState("");
  const isOver = useDrop(setProblem, setSending);
  useReveal();
  const isWide = useWidth("(min-width: 1800px)"); // room for both trees side by side
  const { view, tree } = route.value;
  const model = current.value;

  useEffect(() => void (view === "graph" && prepare()), [view]); // while the model is read
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (
        /^(INPUT|SELECT|TEXTAREA)$/.test((event.target as HTMLElement).tagName) ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey
      )
        return;
      const inTree = (event.target as HTMLElement).getAttribute("role") === "tree";
      const chosen = VIEWS[Number(event.key) - 1];
      if (event.key === "Escape") {
        setProblem("");
        notice.value = "";
      } else if (event.key === "?") setHelping(true);
      else if (inTree)
        return; // letters and digits are typed ahead there
      else if (chosen) showView(chosen);
      else if (event.key === "o" || event.key === "v") toTree(event.key === "o" ? "ops" : "variables");
      else if (event.key === "[") fold("left", !folded.value.left);
      else if (event.key === "]") fold("right", !folded.value.right);
      else if (event.key === "d") switchTheme();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  return (
    <div class="app">
      <header>
        <h1 class="brand">scopeview</h1>
        <ModelPicker onOpen={() => setOpening(true)} />
        <Search />
        <nav aria-label="Views">
          {VIEWS.map((name) => (
            <button
              key={name}
              data-name={NAMES[name]}
              class={name === view ? "on" : ""}
              aria-current={name === view ? "page" : undefined}
              onClick={() => showView(name)}
            >
              {NAMES[name]}
            </button>
          ))}
        </nav>
        {(["left", "right"] as const).map((side) => (
          <button
            key={side}
            class={`icon fold-${side}`}
            aria-label={side === "left" ? "trees" : "inspector"}
            aria-pressed={!folded.value[side]}
            title={`${folded.value[side] ? "show" : "hide"} the ${side === "left" ? "trees ([)" : "inspector (])"}`}
            onClick={() => fold(side, !folded.value[side])}
          >
            {side === "left" ? "◧" : "◨"}
          </button>
        ))}
        <button class="icon" aria-label="switch between light and dark" onClick={switchTheme}>
          ◐
        </button>
        <button class="icon" aria-label="keys" onClick={() => setHelping(true)}>
          ?
        </button>
      </header>
      {isInTensorBoard && <RunBar />}
      <AboutReport />
      {(pageError.value || problem) && (
        <p class="trouble strip" role="alert">
          {pageError.value || problem}
        </p>
      )}
      {notice.value && (
        <p class="warning strip" role="status">
          {notice.value}{" "}
          <button class="link" onClick={() => (notice.value = "")}>
            Dismiss
          </button>
        </p>
      )}
      {sending && (
        <p class="strip" role="status">
          {sending}
        </p>
      )}
      {model?.has_changed && (
        <p class="warning strip">
          The file has changed since it was read.{" "}
          <button onClick={() => void api.reload(model.id).then(refreshModels)}>read it again</button>
        </p>
      )}
      {!model && !pageError.value && <Welcome onOpen={() => setOpening(true)} />}
      {model && model.state !== "ready" && <NotReady />}
      {model?.state === "ready" && (
        <main class={mainClass(isWide)} style={paneStyle()}>
          {isWide ? (
            (["variables", "ops"] as const).map((kind) => (
              <div class="left" key={kind}>
                <h2 class="tabs">{kind}</h2>
                <Tree kind={kind} />
                <Splitter side="left" />
              </div>
            ))
          ) : (
            <div class="left">
              <div class="tabs" role="tablist" aria-label="Trees">
                {(["variables", "ops"] as const).map((kind) => (
                  <button
                    key={kind}
                    role="tab"
                    aria-selected={tree === kind}
                    class={tree === kind ? "on" : ""}
                    onClick={() => navigate({ tree: kind })}
                  >
                    {kind}
                  </button>
                ))}
              </div>
              <Tree key={tree} kind={tree} />
              <Splitter side="left" />
            </div>
          )}
          <div class="center">
            <Summary />
            {view === "graph" && <GraphView key={route.value.model + route.value.graphView.function} />}
            {view === "map" && <ScopeMapView />}
            {view === "variables" && <Variables />}
            {view === "collections" && <Collections />}
            {view === "diff" && <Diff />}
            {view === "lint" && <Lint />}
            {view === "costs" && <Costs />}
          </div>
          <Inspector />
        </main>
      )}
      {isOver && <div class="cover drop">drop to open</div>}
      {isOpening && <OpenDialog onClose={() => setOpening(false)} />}
      {isHelping && (
        <Dialog name="Keys" onClose={() => setHelping(false)}>
          <dl class="keys">
            {KEYS.map(([key, what]) => [
              <dt key={key}>
                <kbd>{key}</kbd>
              </dt>,
              <dd key={what}>{what}</dd>,
            ])}
          </dl>
        </Dialog>
      )}
      <p class="unseen" role="status" aria-live="polite">
        {announcement.value}
      </p>
    </div>
  );
}

// What a report is of, and what it leaves out.
function AboutReport() {
  const [isDismissed, setDismissed] = useState(false);
  if (!about.value || isDismissed) return null;
  return (
    <p class="strip quiet" role="note">
      {printable(about.value.sentences.join(" "))} All of it: <code>{printable(about.value.command)}</code>{" "}
      <button class="link" onClick={() => setDismissed(true)}>
        Dismiss
      </button>
    </p>
  );
}

function mainClass(isWide: boolean): string {
  const { left, right } = folded.value;
  return [isWide && !left ? "wide" : "", left ? "left-folded" : "", right ? "right-folded" : ""]
    .filter(Boolean)
    .join(" ");
}

function useWidth(query: string): boolean {
  const [fits, setFits] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const asked = matchMedia(query);
    const onChange = () => setFits(asked.matches);
    asked.addEventListener("change", onChange);
    return () => asked.removeEventListener("change", onChange);
  }, [query]);
  return fits;
}

// The tree of ops or of variables, with the keyboard in it.
function toTree(tree: "ops" | "variables") {
  navigate({ tree });
  requestAnimationFrame(() =>
    document.querySelector<HTMLElement>(`.tree[aria-label="${tree === "ops" ? "Ops" : "Variables"}"]`)?.focus(),
  );
}

function ModelPicker({ onOpen }: { onOpen: () => void }) {
  return (
    <span class="picker">
      <select aria-label="Model" value={route.value.model} onChange={(event) => showModel(event.currentTarget.value)}>
        <ModelOptions />
      </select>
      {current.value && !isReport() && (
        <button
          class="icon"
          aria-label="close this artifact"
          title="close this artifact"
          onClick={() => void closeModel(route.value.model)}
        >
          ×
        </button>
      )}
      {!isReport() && <button onClick={onOpen}>open…</button>}
    </span>
  );
}

function switchTheme(): void {
  const root = document.documentElement;
  const isDark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  remember("theme", root.dataset.theme);
}
