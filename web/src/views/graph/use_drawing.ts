// Keeps the drawing up to date with the address, and chooses the first picture of a model that was just opened.

import { useEffect, useLayoutEffect, useReducer, useState } from "preact/hooks";
import { current, needsFirstPicture, openingOf } from "../../app/open_models";
import { navigate, route } from "../../app/route";
import { errorMessage } from "../../lib/api";
import { arrange } from "./engine";
import { chooseFirstPicture } from "./first_picture";
import { fitScale } from "./framing";
import { LEGIBLE_SCALE } from "./legibility";
import { graphReducer, type GraphState, NOTHING_DRAWN } from "./graph_state";
import type { PlanOptions } from "./plan";
import { draw, type Drawing, fetchSubgraph, type GraphQuery } from "./store";

type Canvas = { current: SVGSVGElement | null };

export function useDrawing(svg: Canvas): { state: GraphState; query: GraphQuery } {
  const [state, dispatch] = useReducer(graphReducer, NOTHING_DRAWN);
  const { model, graphView, openOps } = route.value;
  const query = graphQuery();
  const aspect = useAspect(svg);
  const options: PlanOptions = { isSideways: graphView.isSideways, aspect, drawsHubs: graphView.drawsHubs };
  const isChoosing = needsFirstPicture.value === model;
  const key = aspect && !isChoosing ? JSON.stringify([query, openOps, options]) : "";

  useFirstPicture(svg, isChoosing && aspect > 0, options);
  useEffect(() => {
    if (!key) return;
    const stop = new AbortController();
    dispatch({ type: "requested", key });
    draw(openOps, options, { ask: (scope) => fetchSubgraph(query, scope), arrange }, stop.signal).then(
      (drawing) => stop.signal.aborted || dispatch({ type: "drawn", key, drawing }),
      (error) => stop.signal.aborted || dispatch({ type: "failed", key, error: errorMessage(error) }),
    );
    return () => stop.abort();
  }, [key]);
  // What is shown is out of date from the moment that the address has changed, and not only after the next effect.
  const isCurrent = state.key === key;
  return { state: isCurrent ? state : graphReducer(state, { type: "requested", key }), query };
}

function graphQuery(): GraphQuery {
  const { model, graphView } = route.value;
  const { function: name, roles, shown, unfolded, hidden, only, items, drawsPlumbing } = graphView;
  const revision = current.value?.revision ?? 0;
  return { model, revision, function: name, roles, shown, unfolded, hidden, only, items, drawsPlumbing };
}

const SPARE = 1.06; // the legend and the tools of what is drawn may take a line more from the canvas

// Until something is drawn that fits, the page says that it looks for it; whatever a hand does meanwhile comes first.
function useFirstPicture(svg: Canvas, isWanted: boolean, options: PlanOptions): void {
  const { model } = route.value;
  useEffect(() => {
    const element = svg.current;
    if (!isWanted || !element) return;
    const stop = new AbortController();
    const before = route.value;
    const query = graphQuery(); // another model may be shown before the picture of this one is chosen
    const drawWith = (openOps: string[], items: number, unfolded: string[]) => {
      const ask = (scope: string) => fetchSubgraph({ ...query, items, unfolded }, scope);
      return draw(openOps, options, { ask, arrange }, stop.signal);
    };
    const isLegible = (drawing: Drawing) => fitScale(drawing, element) >= LEGIBLE_SCALE * SPARE;
    chooseFirstPicture(openingOf(model), drawWith, isLegible)
      .then(({ openOps, items, unfolded }) => {
        if (stop.signal.aborted || route.value !== before) return;
        navigate({ openOps, graphView: { ...before.graphView, items, unfolded } }, true);
      })
      .catch(() => undefined) // the drawing itself says what is wrong
      .finally(() => {
        if (!stop.signal.aborted && needsFirstPicture.value === model) needsFirstPicture.value = "";
      });
    return () => stop.abort();
  }, [isWanted, model]);
}

const STEP = 0.25; // of the aspect: a window that changes a little keeps its layout

// Width to height of the canvas, in steps; 0 until it is known.
function useAspect(svg: Canvas): number {
  const [aspect, setAspect] = useState(0);
  useLayoutEffect(() => {
    const element = svg.current;
    if (!element) return;
    const measure = () => {
      const found = element.clientWidth / Math.max(1, element.clientHeight);
      setAspect(Math.min(3, Math.max(2 * STEP, Math.round(found / STEP) * STEP)));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return aspect;
}
