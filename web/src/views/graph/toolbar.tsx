// What can be asked of the graph: fit, direction, traces, what is compared, what is saved.

import { count, plural, printable } from "../../lib/format";
import { ModelOptions } from "../../app/models";
import { SavePicture } from "../../lib/save_picture";
import { models } from "../../app/open_models";
import { route, enterFunction, navigate, changeGraphView, DEFAULT_GRAPH_VIEW } from "../../app/route";
import type { Legend } from "./coloring";
import { figureLegend } from "./figure_legend";
import { applyToSelected } from "./rules";
import { More } from "./more";
import type { Drawing } from "./store";
import type { Viewport } from "./viewport";

function sum<One>(all: One[], of: (one: One) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

interface ToolbarProps {
  drawing: Drawing | undefined;
  svg: { current: SVGSVGElement | null };
  viewport: Viewport;
  tracing: string;
  legend: Legend;
  onFit: () => void;
}

export function Toolbar({ drawing, svg, viewport, tracing, legend, onFit }: ToolbarProps) {
  const { model, graphView, openOps, selected } = route.value;
  const root = drawing?.subgraphs[0];
  const cut = drawing?.subgraphs.filter((picture) => picture.total_links > picture.links.length) ?? [];
  return (
    <div class="bar">
      {graphView.function && (
        <nav aria-label="Where">
          <button class="link" onClick={() => enterFunction("", [])}>
            main graph
          </button>
          {graphView.through.map((name, index) => (
            <>
              {" › "}
              <button class="link mono" onClick={() => enterFunction(name, graphView.through.slice(0, index))}>
                {printable(name)}
              </button>
            </>
          ))}
          {" › "}
          <b class="mono">{printable(graphView.function)}</b>
        </nav>
      )}
      <button title="f" onClick={onFit}>
        fit
      </button>
      <button aria-label="zoom in" onClick={() => viewport.by(1.3)}>
        +
      </button>
      <button aria-label="zoom out" onClick={() => viewport.by(1 / 1.3)}>
        −
      </button>
      <span class="quiet">trace</span>
      {(["inputs", "outputs"] as const).map((direction) => (
        <button
          key={direction}
          aria-label={`trace ${direction}`}
          title={direction === "inputs" ? "t" : "T"}
          disabled={!selected}
          aria-pressed={graphView.trace === direction}
          class={graphView.trace === direction ? "on" : ""}
          onClick={() => changeGraphView({ trace: graphView.trace === direction ? "" : direction })}
        >
          {direction}
        </button>
      ))}
      {graphView.also.length === 1 && (
        <button
          title="p"
          aria-pressed={graphView.trace === "paths"}
          class={graphView.trace === "paths" ? "on" : ""}
          onClick={() => changeGraphView({ trace: graphView.trace === "paths" ? "" : "paths" })}
        >
          paths between
        </button>
      )}
      {(graphView.trace === "inputs" || graphView.trace === "outputs") && (
        <select
          aria-label="steps"
          value={graphView.depth}
          onChange={(event) => changeGraphView({ depth: Number(event.currentTarget.value) })}
        >
          {[0, 1, 2, 3, 5, 10].map((depth) => (
            <option key={depth} value={depth}>
              {depth ? plural(depth, "step") : "all steps"}
            </option>
          ))}
        </select>
      )}
      {graphView.trace && <button onClick={() => changeGraphView({ trace: "" })}>end trace</button>}
      <button title="h" disabled={!selected} onClick={() => applyToSelected("hidden", drawing)}>
        hide
      </button>
      <button title="i" disabled={!selected} onClick={() => applyToSelected("only", drawing)}>
        isolate
      </button>
      <button
        title="hide or isolate by a query"
        aria-expanded={graphView.showsRules}
        class={graphView.showsRules ? "on" : ""}
        onClick={() => changeGraphView({ showsRules: !graphView.showsRules }, true)}
      >
        by query…
      </button>
      <More drawing={drawing} />
      {(openOps.length > 0 || graphView.unfolded.length > 0 || graphView.items > DEFAULT_GRAPH_VIEW.items) && (
        <button
          onClick={() =>
            navigate({
              openOps: [],
              graphView: { ...graphView, unfolded: [], items: DEFAULT_GRAPH_VIEW.items, box: "" },
            })
          }
        >
          close all
        </button>
      )}
      {models.value.length > 1 && !graphView.function && (
        <select
          aria-label="compare with"
          class="narrow"
          value={graphView.against}
          onChange={(event) => changeGraphView({ against: event.currentTarget.value })}
        >
          <option value="">compare…</option>
          <ModelOptions without={model} />
        </select>
      )}
      <span class="quiet" role="status">
        {tracing}
      </span>
      <span class="grow" />
      <HiddenByRole drawing={drawing} />
      <SavePicture
        of={() => svg.current}
        name="graph"
        legend={(width) => (drawing ? figureLegend(drawing, legend, width) : null)}
      />
      {cut.length > 0 && (
        <span class="warning">{`${count(sum(cut, (one) => one.links.length))} of ${plural(
          sum(cut, (one) => one.total_links),
          "line",
        )} drawn, those with most edges`}</span>
      )}
      {!!root?.dangling && <span class="warning">{plural(root.dangling, "input")} from ops that are not there</span>}
    </div>
  );
}

// What is hidden by role, and can be drawn.
function HiddenByRole({ drawing }: { drawing: Drawing | undefined }) {
  const { graphView } = route.value;
  const hidden = sum(drawing?.auxiliary ?? [], ({ item }) => (item.hidden_by === "rule" ? 0 : item.ops));
  if (!hidden && !graphView.roles.length && !graphView.shown.length) return null;
  return (
    <button
      aria-expanded={graphView.showsAuxiliary}
      class={graphView.showsAuxiliary ? "on" : ""}
      title={`${plural(hidden, "op")} of training, saving, summaries and the like are not drawn`}
      onClick={() => changeGraphView({ showsAuxiliary: !graphView.showsAuxiliary })}
    >
      {hidden ? `hidden by role: ${count(hidden)}` : "hidden by role"}
    </button>
  );
}
