// In TensorBoard: which run, which of its graphs, which recorded step.

import { useEffect, useState } from "preact/hooks";
import { api, errorMessage } from "../lib/api";
import { printable } from "../lib/format";
import { current, models, refreshModels, showModel } from "../app/open_models";
import { changeGraphView, route } from "../app/route";
import { useMeasures } from "../views/graph/use_measure";
import type { RunGraph, RunList } from "../lib/schema";

export const isInTensorBoard =
  typeof document !== "undefined" && document.getElementById("app")?.dataset["runs"] !== undefined;

const STEP = "time: "; // how a measure of one of several recorded steps begins
const NO_STEP = "none";
const AGAIN_MS = 2000;

// A model that is the only one of its file is not called by a name of its own.
const isOf = (graph: RunGraph, model: typeof current.value) =>
  graph.path === model?.path && ["", graph.artifact].includes(model.artifact);

export function RunBar() {
  const [found, setFound] = useState<RunList>({ runs: [], note: "", is_looking: true });
  const [error, setError] = useState("");
  const steps = useMeasures().flatMap(({ name }) => (name.startsWith(STEP) ? [name.slice(STEP.length)] : []));

  async function open({ path, artifact }: RunGraph) {
    try {
      const { id } = await api.open(path, artifact ? { artifact } : {});
      await refreshModels();
      showModel(id);
      setError("");
    } catch (problem) {
      setError(errorMessage(problem));
    }
  }

  async function look() {
    try {
      const list = await api.runs();
      setFound(list);
      const first = list.runs[0]?.graphs[0];
      if (first && !route.value.model && !models.value.length) void open(first);
    } catch (problem) {
      setError(errorMessage(problem));
    }
  }

  useEffect(() => void look(), []);
  useEffect(() => {
    if (!found.is_looking) return;
    const waiting = window.setTimeout(() => void look(), AGAIN_MS);
    return () => clearTimeout(waiting);
  }, [found]);

  const run = found.runs.find(({ graphs }) => graphs.some((graph) => isOf(graph, current.value)));
  const message = error || found.note || (found.is_looking ? "looking for runs…" : "");
  const { coloring } = route.value.graphView;
  return (
    <div class="bar runs" aria-label="Runs" role="group">
      <Menu
        name="run"
        names={found.runs.map(({ name }) => name)}
        chosen={run?.name}
        onChoose={(index) => void open(found.runs[index]!.graphs[0]!)}
      />
      <Menu
        name="graph"
        names={run?.graphs.map(({ title }) => title) ?? []}
        chosen={run?.graphs.find((graph) => isOf(graph, current.value))?.title}
        onChoose={(index) => run && void open(run.graphs[index]!)}
      />
      {steps.length > 0 && (
        <Menu
          name="step"
          names={[NO_STEP, ...steps]}
          chosen={coloring.startsWith(STEP) ? coloring.slice(STEP.length) : NO_STEP}
          onChoose={(index) => changeGraphView({ coloring: index ? `${STEP}${steps[index - 1]}` : "role" })}
        />
      )}
      <button onClick={() => void look()}>look for runs again</button>
      {message && <span role="status">{printable(message)}</span>}
      {!message && !found.runs.length && <span class="quiet">no run of the logdir has a graph</span>}
    </div>
  );
}

function Menu({
  name,
  names,
  chosen,
  onChoose,
}: {
  name: string;
  names: string[];
  chosen: string | undefined;
  onChoose: (index: number) => void;
}) {
  const index = chosen === undefined ? -1 : names.indexOf(chosen);
  return (
    <label>
      {name}{" "}
      <select value={index} onChange={(event) => onChoose(Number(event.currentTarget.value))}>
        {index < 0 && <option value={-1}>choose…</option>}
        {names.map((text, number) => (
          <option key={text} value={number}>
            {printable(text)}
          </option>
        ))}
      </select>
    </label>
  );
}
