// What is in view when the drawing changes, and the way to what was selected by name.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { navigate, pendingReveal, route, union } from "../../app/route";
import { center, deepest, fit } from "./framing";
import type { Anchor } from "./handlers";
import { focus } from "./keys";
import { SMALLEST_SCALE } from "./legibility";
import { openingsTo } from "./reveal";
import type { Drawing, GraphQuery } from "./store";
import { parseBox, type Viewport } from "./viewport";

interface Framing {
  svg: { current: SVGSVGElement | null };
  drawing: Drawing | undefined;
  query: GraphQuery;
  viewport: Viewport;
  anchor: { current: Anchor | null };
}

export function useFraming({ svg, drawing, query, viewport, anchor }: Framing): void {
  const { selected } = route.value;
  const isRevealing = useRef(false); // what was opened for the sake of what is selected is about to be drawn
  // What a hand has opened stays under the hand; a first picture is fitted, unless the address says what is in view.
  useLayoutEffect(() => {
    if (!drawing || !svg.current) return;
    const hand = anchor.current;
    anchor.current = null;
    const held = hand && findAnchor(drawing, hand);
    if (held) {
      const { x, y, k } = viewport.now();
      viewport.set({ x: x + (hand.x - held.x) * k, y: y + (hand.y - held.y) * k, k });
      if (hand.hasFocus) focus(svg.current, held.key); // a box that opens is drawn anew, behind what stands in it
    } else if (isRevealing.current) {
      isRevealing.current = false;
      center(drawing, deepest(drawing.items, selected), svg.current, viewport);
    } else if (!parseBox(route.value.graphView.box)) {
      fit(drawing, svg.current, viewport, SMALLEST_SCALE);
      center(drawing, deepest(drawing.items, selected), svg.current, viewport);
    }
  }, [drawing]);
  useFitOnResize(svg, drawing, viewport);
  // The way to what was selected by name is opened, and it is brought into view.
  const wanted = pendingReveal.value;
  useEffect(() => {
    if (!drawing || !wanted || wanted !== selected || route.value.selectedIn) return;
    pendingReveal.value = "";
    openingsTo(selected, query).then(
      (openings) => {
        const { openOps, graphView } = route.value; // a hand may have opened something meanwhile
        if (route.value.selected !== selected) return;
        const more = {
          openOps: union(openOps, openings.openOps),
          unfolded: union(graphView.unfolded, openings.unfolded),
          shown: union(graphView.shown, openings.shown),
        };
        const before = openOps.length + graphView.unfolded.length + graphView.shown.length;
        isRevealing.current = more.openOps.length + more.unfolded.length + more.shown.length > before;
        if (isRevealing.current)
          navigate(
            { openOps: more.openOps, graphView: { ...graphView, unfolded: more.unfolded, shown: more.shown } },
            true,
          );
        else if (svg.current) center(drawing, deepest(drawing.items, selected), svg.current, viewport);
      },
      () => undefined, // the inspector says so where a name has no place in this graph
    );
  }, [wanted, selected, !drawing]);
}

// A canvas that changes its size, as when a side is folded away, shows all again if nobody has moved the drawing.
function useFitOnResize(svg: Framing["svg"], drawing: Drawing | undefined, viewport: Viewport): void {
  const latest = useRef({ drawing, viewport });
  latest.current = { drawing, viewport };
  useEffect(() => {
    const element = svg.current;
    if (!element) return;
    const sizeOf = () => `${element.clientWidth} ${element.clientHeight}`;
    let before = sizeOf();
    const observer = new ResizeObserver(() => {
      if (sizeOf() === before) return;
      before = sizeOf();
      const { drawing, viewport } = latest.current;
      const { graphView, selected } = route.value;
      if (drawing && !graphView.box && !selected) fit(drawing, element, viewport, SMALLEST_SCALE);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
}

function findAnchor({ items }: Drawing, hand: Anchor) {
  return (
    items.find((item) => item.key === hand.key) ??
    items.find((item) => item.scope === hand.scope && item.item.path === hand.path)
  );
}
