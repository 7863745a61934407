// Pan and zoom of the drawing; what is in view is kept in the address when a hand has come to rest.

import { select } from "d3-selection";
import { zoom, zoomIdentity, zoomTransform, type ZoomBehavior } from "d3-zoom";
import { useEffect, useRef, useState } from "preact/hooks";
import { LEGIBLE_SCALE, SMALLEST_SCALE } from "./legibility";
import { route, changeGraphView } from "../../app/route";

export interface View {
  x: number;
  y: number;
  k: number;
}

export interface Viewport {
  view: View;
  set: (view: View, isLasting?: boolean) => void;
  by: (factor: number) => void;
  now: () => View; // what is in view at this moment, and not when the page was last drawn
}

const [LEAST, MOST] = [0.03, 4];

export function useViewport(svg: { current: SVGSVGElement | null }): Viewport {
  const [view, setView] = useState<View>(() => parseBox(route.value.graphView.box) ?? { x: 0, y: 0, k: 1 });
  const behavior = useRef<ZoomBehavior<SVGSVGElement, unknown>>();
  useEffect(() => {
    const element = svg.current;
    if (!element) return;
    const made = zoom<SVGSVGElement, unknown>().scaleExtent([LEAST, MOST]).clickDistance(4);
    made.filter((event: MouseEvent) => !event.button && event.type !== "dblclick");
    made.on("zoom", ({ transform: { x, y, k } }: { transform: View }) => setView({ x, y, k }));
    made.on(
      "end",
      ({ transform, sourceEvent }: { transform: View; sourceEvent: unknown }) =>
        sourceEvent && changeGraphView({ box: writeBox(transform) }, true),
    );
    behavior.current = made;
    select(element).call(made);
    const { x, y, k } = view;
    made.transform(select(element), zoomIdentity.translate(x, y).scale(k));
    return () => void select(element).on(".zoom", null);
  }, []);
  const set = ({ x, y, k }: View, isLasting = false) => {
    if (!svg.current || !behavior.current) return;
    behavior.current.transform(
      select(svg.current),
      zoomIdentity.translate(x, y).scale(Math.min(MOST, Math.max(LEAST, k))),
    );
    if (isLasting) changeGraphView({ box: writeBox({ x, y, k }) }, true);
  };
  const by = (factor: number) => {
    if (!svg.current || !behavior.current) return;
    behavior.current.scaleBy(select(svg.current), factor);
    changeGraphView({ box: writeBox(now()) }, true);
  };
  const now = () => (svg.current ? zoomTransform(svg.current) : view);
  return { view, set, by, now };
}

// How much text is drawn at a scale: what could not be read is left out.
export function detailOf(k: number): string {
  return k < SMALLEST_SCALE * 0.7 ? "far tiny" : k < LEGIBLE_SCALE - 0.005 ? "far" : "";
}

export function parseBox(text: string): View | null {
  const [x, y, k] = text.split(",").map(Number);
  return text && [x, y, k].every(Number.isFinite) ? { x: x!, y: y!, k: k! } : null;
}

export function writeBox({ x, y, k }: View): string {
  return [Math.round(x), Math.round(y), Number(k.toPrecision(3))].join(",");
}
