// The frame: what is open, search, views; trees on the left, the view in the middle, what is selected on the right.

import { useEffect, useState } from "preact/hooks";
import { api } from "./api";
import { useAsked } from "./asked";
import { Collections } from "./collections";
import { Diff } from "./diff";
import { bytes, count, plural, printable } from "./format";
import { Graph } from "./graph/graph";
import { Inspector } from "./inspector";
import { Lint } from "./lint";
import { Map } from "./map";
import { ModelOptions } from "./models";
import { Dialog } from "./dialog";
import { OpenDialog, useDrop } from "./open";
import { Search } from "./search";
import { paneStyle, Splitter } from "./splitter";
import type { OpenModel } from "./schema";
import { announced, at, current, go, lookInto, models, notice, refreshModels, said, show, trouble, VIEWS, type View } from "./state";
import { useReveal } from "./tree/reveal";
import { Tree } from "./tree/tree";
import { Variables } from "./variables/variables";

const NAMES: Record<View, string> = {
  graph: "Graph", map: "Map", variables: "Variables", collections: "Collections", diff: "Diff", lint: "Lint",
};
const KEYS: [string, string][] = [
  ["/", "search"], ["1 – 6", "views"], ["o, v", "op tree, variable tree"], ["↑ ↓ → ←", "walk a tree, the table, the map; to the next box"],
  ["Enter", "open and select"], ["Home, End, letters", "jump in a tree"], ["*", "open all scopes beside"], ["+, −", "numbered twins one by one, or as one"], ["f, +, −", "fit and zoom the graph"], ["e, E", "the links of a box, one by one"], ["t, T", "trace inputs, outputs"],
  ["Shift-click, Shift-Space", "select several"], ["p", "paths between two"], ["d", "light or dark"], ["?", "these keys"], ["Esc", "close; out of a trace, a scope"],
];

export function App() {
  const [isOpening, setOpening] = useState(false);
  const [isHelping, setHelping] = useState(false);
  const [problem, setProblem] = useState("");
  const [sending, setSending] = useState("");
  const isOver = useDrop(setProblem, setSending);
  useReveal();
  const isWide = useWidth("(min-width: 1800px)"); // room for both trees side by side
  const { view, tree } = at.value;
  const model = current.value;

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (/^(INPUT|SELECT|TEXTAREA)$/.test((event.target as HTMLElement).tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
      const inTree = (event.target as HTMLElement).getAttribute("role") === "tree";
      const chosen = VIEWS[Number(event.key) - 1];
      if (event.key === "Escape") (setProblem(""), (notice.value = ""));
      else if (event.key === "?") setHelping(true);
      else if (inTree) return; // letters and digits are typed ahead there
      else if (chosen) show(chosen);
      else if (event.key === "o" || event.key === "v") toTree(event.key === "o" ? "ops" : "variables");
      else if (event.key === "d") switchTheme();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  return (
    <div class="app">
      <header>
        <b class="brand">scopeview</b>
        <ModelPicker onOpen={() => setOpening(true)} />
        <Search />
        <nav aria-label="Views">
          {VIEWS.map((name) => (
            <button key={name} data-name={NAMES[name]} class={name === view ? "on" : ""} aria-current={name === view ? "page" : undefined} onClick={() => show(name)}>
              {NAMES[name]}
            </button>
          ))}
        </nav>
        <button class="icon" aria-label="switch between light and dark" onClick={switchTheme}>◐</button>
        <button class="icon" aria-label="keys" onClick={() => setHelping(true)}>?</button>
      </header>
      {(trouble.value || problem) && <p class="trouble strip" role="alert">{trouble.value || problem}</p>}
      {notice.value && <p class="warning strip" role="status">{notice.value} <button class="link" onClick={() => (notice.value = "")}>well</button></p>}
      {sending && <p class="strip" role="status">{sending}</p>}
      {model?.has_changed && (
        <p class="warning strip">
          The file has changed since it was read. <button onClick={() => void api.reload(model.id).then(refreshModels)}>read it again</button>
        </p>
      )}
      {!model && !trouble.value && <Welcome onOpen={() => setOpening(true)} />}
      {model && model.state !== "ready" && <NotReady />}
      {model?.state === "ready" && (
        <main class={isWide ? "wide" : ""} style={paneStyle()}>
          {isWide ? (["variables", "ops"] as const).map((kind) => (
            <div class="left" key={kind}>
              <h2 class="tabs">{kind}</h2>
              <Tree kind={kind} />
              <Splitter side="left" />
            </div>
          )) : (
            <div class="left">
              <div class="tabs" role="tablist" aria-label="Trees">
                {(["variables", "ops"] as const).map((kind) => (
                  <button key={kind} role="tab" aria-selected={tree === kind} class={tree === kind ? "on" : ""} onClick={() => go({ tree: kind })}>
                    {kind}
                  </button>
                ))}
              </div>
              <Tree key={tree} kind={tree} />
              <Splitter side="left" />
            </div>
          )}
          <div class="centre">
            <Summary />
            {view === "graph" && <Graph key={at.value.model + at.value.sight.function} />}
            {view === "map" && <Map />}
            {view === "variables" && <Variables />}
            {view === "collections" && <Collections />}
            {view === "diff" && <Diff />}
            {view === "lint" && <Lint />}
          </div>
          <Inspector />
        </main>
      )}
      {isOver && <div class="cover drop">drop to open</div>}
      {isOpening && <OpenDialog onClose={() => setOpening(false)} />}
      {isHelping && (
        <Dialog name="Keys" onClose={() => setHelping(false)}>
          <dl class="keys">{KEYS.map(([key, what]) => [<dt key={key}><kbd>{key}</kbd></dt>, <dd key={what}>{what}</dd>])}</dl>
        </Dialog>
      )}
      <p class="unseen" role="status" aria-live="polite">{announced.value}</p>
    </div>
  );
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
  go({ tree });
  requestAnimationFrame(() => document.querySelector<HTMLElement>(`.tree[aria-label="${tree === "ops" ? "Ops" : "Variables"}"]`)?.focus());
}

function ModelPicker({ onOpen }: { onOpen: () => void }) {
  return (
    <span class="picker">
      <select
        aria-label="Model" value={at.value.model}
        onChange={(event) => lookInto(event.currentTarget.value)}
      >
        <ModelOptions />
      </select>
      {current.value && <button class="icon" aria-label="close this artefact" title="close this artefact" onClick={() => void closeModel(at.value.model)}>×</button>}
      <button onClick={onOpen}>open…</button>
    </span>
  );
}

async function closeModel(id: string) {
  const next = models.value.find((model) => model.id !== id && model.state === "ready") ?? models.value.find((model) => model.id !== id);
  try {
    models.value = await api.close(id);
    lookInto(next?.id ?? "");
  } catch (error) {
    trouble.value = said(error);
  }
}

function Summary() {
  const { model } = at.value;
  const asked = useAsked(model ? `summary ${model}` : null, () => api.summary(model));
  const found = asked.answer;
  // The first question about a small graph begins its import: the list of models says so.
  useEffect(() => {
    if (found) void refreshModels();
  }, [found]);
  if (!found) return null;
  const own = found.variables - found.attached_variables;
  const facts = [
    found.format.replaceAll("_", " "), found.tensorflow_version ? `TensorFlow ${found.tensorflow_version}` : "",
    found.ops ? plural(found.ops, "op") : "",
    found.attached_variables ? `${plural(found.variables, "variable")} (${count(own)} + ${count(found.attached_variables)} for training)` : plural(found.variables, "variable"),
    plural(found.parameters, "parameter"), bytes(found.size_bytes), found.tags.length ? `tags ${found.tags.join(", ")}` : "",
  ];
  return (
    <div class="summary">
      <span class="quiet">{facts.filter(Boolean).map(printable).join(" · ")}</span> {found.ops > 0 && <Import />}
      {found.others.length > 0 && (
        <label class="others quiet">
          {" "}also here{" "}
          <select value="" onChange={(event) => void openBeside(found.path, event.currentTarget.value)}>
            <option value="">{plural(found.others.length, "artefact")}…</option>
            {found.others.map((other) => <option key={other} value={other}>{printable(other)}</option>)}
          </select>
        </label>
      )}
      {found.notes.map((note) => <p key={note} class="warning">{printable(note)}</p>)}
    </div>
  );
}

// Another of the artefacts that a folder holds.
async function openBeside(path: string, artifact: string) {
  try {
    const opened = await api.open(path, { artifact });
    await refreshModels();
    lookInto(opened.id);
  } catch (error) {
    trouble.value = said(error);
  }
}

// What TensorFlow itself made of the graph: the import runs beside the page and may be asked for.
function Import() {
  const model = current.value;
  if (!model) return null;
  const ask = () => void api.import(model.id).then(refreshModels, (error: Error) => (trouble.value = error.message));
  switch (model.imported) {
    case "none":
      return <button class="link" title="runs tf.compat.v1 in a process of its own: shapes of every tensor, what TensorFlow refuses" onClick={ask}>import through TensorFlow</button>;
    case "waiting":
      return <span class="quiet" role="status">· TensorFlow is importing it…</span>;
    case "done":
      return <span class="quiet">· imported by TensorFlow</span>;
    case "refused":
      return <button class="link warning" title={printable(model.import_error)} onClick={() => show("lint")}>TensorFlow refuses it: see Lint</button>;
  }
}

function NotReady() {
  const model = current.value;
  if (!model) return null;
  if (model.state === "loading")
    return (
      <div class="welcome" role="status">
        <p>{printable(model.path)}</p>
        <p class="quiet">{printable(model.stage)}{model.bytes_total ? `: ${bytes(model.bytes_done)} of ${bytes(model.bytes_total)}` : "…"}</p>
        {model.bytes_done ? <progress max={model.bytes_total} value={model.bytes_done} aria-label="bytes read" /> : <div class="progress" />}
        <button onClick={() => void closeModel(model.id)}>give it up</button>
      </div>
    );
  if (model.choices.length)
    return (
      <div class="welcome">
        <p class="mono">{printable(model.path)}</p>
        <p>It holds {model.choices.length} {model.choices_are_tags ? "MetaGraphs, told by their tags" : "artefacts"}. Which one?</p>
        {model.choices.map((choice) => <button key={choice} onClick={() => void choose(model, choice)}>{printable(choice) || "(no tags)"}</button>)}
      </div>
    );
  return (
    <div class="welcome">
      <p class="trouble" role="alert">{printable(model.error)}</p>
      <p>
        <button onClick={() => void api.reload(model.id).then(refreshModels)}>try again</button>{" "}
        <button onClick={() => void closeModel(model.id)}>{models.value.length > 1 ? "close it, and go back" : "close it"}</button>
      </p>
    </div>
  );
}

// One of several things at a path takes the place of the question which.
async function choose(model: OpenModel, choice: string) {
  const found = await api.open(model.path, model.choices_are_tags ? { tags: choice.split(",").filter(Boolean) } : { artifact: choice });
  await api.close(model.id);
  await refreshModels();
  lookInto(found.id);
}

function Welcome({ onOpen }: { onOpen: () => void }) {
  return (
    <div class="welcome">
      <h1>Both namespaces of a TensorFlow graph</h1>
      <p>Open a graph, a checkpoint or a SavedModel: drop a file here, or choose one.</p>
      <button onClick={onOpen}>open…</button>
    </div>
  );
}

function switchTheme(): void {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}
