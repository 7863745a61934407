// The graph: the dataflow of the op tree, its scopes opened in place.

import { useMemo, useRef, useState } from "preact/hooks";
import { needsFirstPicture } from "../../app/open_models";
import { changeGraphView, navigate, route } from "../../app/route";
import { AuxiliaryPanel } from "./auxiliary_panel";
import { useChanges } from "./changes";
import { legendOf } from "./coloring";
import { deepest, fit } from "./framing";
import { handlersOf, type Anchor } from "./handlers";
import { useKeys } from "./keys";
import { LegendBar } from "./legend";
import { Minimap } from "./minimap";
import { hasRules, RulesBar } from "./rules";
import { Tips } from "./link";
import { Scene } from "./scene";
import { Toolbar } from "./toolbar";
import { useDrawing } from "./use_drawing";
import { useFraming } from "./use_framing";
import { useMeasure } from "./use_measure";
import { useTrace } from "./use_trace";
import { detailOf, useViewport } from "./viewport";

export function GraphView() {
  const { graphView, openOps, selected } = route.value;
  const [hovered, setHovered] = useState("");
  const svg = useRef<SVGSVGElement>(null);
  const anchor = useRef<Anchor | null>(null);
  const viewport = useViewport(svg);
  const { state, query } = useDrawing(svg);
  const { drawing } = state;
  useFraming({ svg, drawing, query, viewport, anchor });

  const selectedKeys = useMemo(
    () => [selected, ...graphView.also].map((name) => (drawing ? deepest(drawing.items, name) : "")),
    [drawing, selected, graphView.also],
  );
  const trace = useTrace(drawing);
  const changes = useChanges(drawing);
  const { measured, error: measureError } = useMeasure(drawing, query);
  const legend = useMemo(
    () => legendOf(drawing?.items ?? [], graphView.coloring, measured),
    [drawing, graphView.coloring, measured],
  );
  const handlers = handlersOf(svg, drawing, anchor, setHovered);
  const fitAll = () => {
    if (drawing && svg.current) fit(drawing, svg.current, viewport);
    changeGraphView({ box: "" }, true);
  };
  useKeys({ svg, drawing, selectedKey: selectedKeys[0]!, open: handlers.open, fit: fitAll, zoom: viewport.by });

  const link = graphView.link.length ? `${graphView.link[0]}\n${JSON.stringify(graphView.link.slice(1))}` : "";
  // Moving and zooming draw nothing anew: thousands of shapes would not keep up with a hand.
  const scene = useMemo(
    () =>
      drawing && (
        <Scene
          drawing={drawing}
          legend={legend}
          handlers={handlers}
          changes={changes.byKey}
          marks={{ selected: new Set(selectedKeys), link, lit: trace.lit, hovered: trace.lit ? "" : hovered }}
        />
      ),
    [drawing, legend, changes.byKey, selectedKeys, link, trace.lit, hovered, selected, openOps, graphView],
  );
  const { x, y, k } = viewport.view;
  const isBusy = state.name === "loading" || state.name === "updating";
  const problem = state.error || changes.error || measureError;
  return (
    <section class="view" aria-label="Graph">
      <Toolbar legend={legend} drawing={drawing} svg={svg} viewport={viewport} tracing={trace.summary} onFit={fitAll} />
      <RulesBar />
      {drawing && !drawing.items.length && (hasRules(graphView) || !drawing.auxiliary.length) && (
        <p class="empty">
          {hasRules(graphView)
            ? "The rules above hide all ops."
            : "There are no ops here: a checkpoint has no graph. Its variables are in the other views."}
        </p>
      )}
      <div class="stage">
        <svg
          class={`graph ${isBusy ? "busy" : ""} ${detailOf(k)}`}
          ref={svg}
          tabindex={0}
          role="group"
          aria-label="dataflow"
          data-settled={state.name === "ready" ? state.key : ""}
          onClick={() => navigate({ selected: "" })}
        >
          <Tips />
          <g transform={`translate(${x} ${y}) scale(${k})`}>{scene}</g>
        </svg>
        {problem && <p class="trouble over">{problem}</p>}
        {state.name === "loading" && (
          <p class="quiet pad waiting" role="status">
            {needsFirstPicture.value ? "Choosing what to open…" : "Drawing…"}
          </p>
        )}
        {drawing && <Minimap drawing={drawing} viewport={viewport} svg={svg} />}
        {drawing && (graphView.showsAuxiliary || graphView.against) && (
          <AuxiliaryPanel drawing={drawing} changes={changes} lit={trace.lit} />
        )}
      </div>
      <LegendBar drawing={drawing} legend={legend} />
    </section>
  );
}
