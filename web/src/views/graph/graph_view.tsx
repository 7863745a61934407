// The graph: the dataflow of the op tree, its scopes opened in place.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../../lib/api";
import { useQuery } from "../../lib/use_query";
import { plural } from "../../lib/format";
import {
  ancestors,
  announcement,
  route,
  current,
  enterFunction,
  navigate,
  union,
  changeGraphView,
  MOST_ITEMS,
  selectDrawn,
  errorMessage,
  toggleSelected,
  pendingReveal,
  toggled,
  functionPath,
} from "../../app/state";
import { AuxiliaryPanel } from "./auxiliary_panel";
import { Toolbar } from "./toolbar";
import { useChanges } from "./changes";
import { legendOf } from "./coloring";
import { center, fit, LEGIBLE } from "./framing";
import { focus, useKeys } from "./keys";
import { LegendBar } from "./legend";
import { Minimap } from "./minimap";
import { Scene, Tips } from "./scene";
import { arrange, prepare } from "./engine";
import { draw, fetchSubgraph, type DrawnGate, type DrawnItem, type DrawnLink, type Drawing } from "./store";
import { openingsTo } from "./reveal";
import { parseBox, useViewport } from "./viewport";

// What is on the screen, and the question that it answers: until another is drawn, that may be an earlier one.
interface Drawn {
  asked: string;
  drawing: Drawing | undefined;
  error: string;
}

// The box that a hand has opened, where it was.
interface Held {
  key: string;
  scope: string;
  path: string;
  x: number;
  y: number;
  hasFocus: boolean;
}

export function GraphView() {
  const { model, graphView, openOps, selected } = route.value;
  const revision = current.value?.revision ?? 0;
  const [drawn, setDrawn] = useState<Drawn>({ asked: "", drawing: undefined, error: "" });
  const [hovered, setHovered] = useState("");
  const svg = useRef<SVGSVGElement>(null);
  const held = useRef<Held | null>(null);
  const isToFind = useRef(false); // what was opened for the sake of what is selected is about to be drawn
  const viewport = useViewport(svg);
  const question = {
    model,
    revision,
    function: graphView.function,
    roles: graphView.roles,
    shown: graphView.shown,
    unfolded: graphView.unfolded,
    items: graphView.items,
  };
  const asked = JSON.stringify([question, openOps, graphView.isSideways]);

  useEffect(prepare, []);
  useEffect(() => {
    const stop = new AbortController();
    draw(openOps, graphView.isSideways, { ask: (scope) => fetchSubgraph(question, scope), arrange }, stop.signal).then(
      (drawing) => stop.signal.aborted || setDrawn({ asked, drawing, error: "" }),
      (problem) => stop.signal.aborted || setDrawn((before) => ({ ...before, asked, error: errorMessage(problem) })),
    );
    return () => stop.abort();
  }, [asked]);
  const { drawing, error } = drawn;
  const isBusy = drawn.asked !== asked;

  // What a hand has opened stays under the hand; a first picture is fitted, unless the address says what is in view.
  useLayoutEffect(() => {
    if (!drawing || !svg.current) return;
    const hand = held.current;
    held.current = null;
    const anchor =
      hand &&
      (drawing.items.find((item) => item.key === hand.key) ??
        drawing.items.find((item) => item.scope === hand.scope && item.item.path === hand.path));
    if (anchor) {
      const { x, y, k } = viewport.now();
      viewport.set({ x: x + (hand.x - anchor.x) * k, y: y + (hand.y - anchor.y) * k, k });
      if (hand.hasFocus) focus(svg.current, anchor.key); // a box that opens is drawn anew, behind what stands in it
    } else if (isToFind.current) {
      isToFind.current = false;
      center(drawing, deepest(drawing.items, selected), svg.current, viewport);
    } else if (!parseBox(route.value.graphView.box)) {
      fit(drawing, svg.current, viewport, LEGIBLE);
      center(drawing, deepest(drawing.items, selected), svg.current, viewport);
    }
  }, [drawing]);
  // The way to what was selected by name is opened, and it is brought into view.
  const seeking = pendingReveal.value;
  useEffect(() => {
    if (!drawing || !seeking || seeking !== selected || route.value.selectedIn) return;
    pendingReveal.value = "";
    void openingsTo(selected, question).then(
      (found) => {
        const { openOps, graphView } = route.value; // a hand may have opened something meanwhile
        if (route.value.selected !== selected) return;
        const more = {
          openOps: union(openOps, found.openOps),
          unfolded: union(graphView.unfolded, found.unfolded),
          shown: union(graphView.shown, found.shown),
        };
        isToFind.current =
          more.openOps.length + more.unfolded.length + more.shown.length >
          openOps.length + graphView.unfolded.length + graphView.shown.length;
        if (isToFind.current)
          navigate(
            { openOps: more.openOps, graphView: { ...graphView, unfolded: more.unfolded, shown: more.shown } },
            true,
          );
        else if (svg.current) center(drawing, deepest(drawing.items, selected), svg.current, viewport);
      },
      () => undefined,
    ); // what has no place in this graph is told by the inspector
  }, [seeking, selected, !drawing]);

  const selectedKeys = useMemo(
    () => [selected, ...graphView.also].map((name) => (drawing ? deepest(drawing.items, name) : "")),
    [drawing, selected, graphView.also],
  );
  const selectedKey = selectedKeys[0]!;
  const trace = useTrace(drawing);
  const changes = useChanges(drawing);
  const legend = useMemo(
    () => legendOf(drawing?.items.filter((item) => !item.isOpen).map((drawn) => drawn.item) ?? [], graphView.coloring),
    [drawing, graphView.coloring],
  );

  const open = (drawn: DrawnItem) => {
    const { item } = drawn;
    held.current = {
      key: drawn.key,
      scope: drawn.scope,
      path: item.path,
      x: drawn.x,
      y: drawn.y,
      hasFocus: !!svg.current?.contains(document.activeElement),
    };
    if (item.group === "rest") changeGraphView({ items: Math.min(MOST_ITEMS, graphView.items + MORE) });
    else if (item.total_members > 1) changeGraphView({ unfolded: [...graphView.unfolded, item.path] });
    else if (item.calls[0] && !item.can_open) enterFunction(item.calls[0], functionPath(route.value));
    else if (item.can_open) {
      navigate({ openOps: toggled(openOps, item.path) }, true);
      announcement.value = `${item.label} ${drawn.isOpen ? "closed" : "open"}`;
    }
  };
  const hands = {
    open,
    pick: (drawn: DrawnItem, isMore: boolean) => {
      if (isMore) toggleSelected(drawn.item.path);
      else selectDrawn(drawn.item.path);
    },
    pickLink: (link: DrawnLink) => changeGraphView({ link: [link.scope, link.source, link.target], trace: "" }),
    pickGate: ({ scope, gate }: DrawnGate) => {
      const picture = drawing?.subgraphs.find((one) => one.scope === scope);
      navigate({ selected: picture?.outside.find((one) => one.id === gate.id)?.path ?? "" });
    },
    hover: setHovered,
  };
  useKeys({
    svg,
    drawing,
    selectedKey,
    open,
    fit: () => drawing && svg.current && fit(drawing, svg.current, viewport),
    zoom: viewport.by,
  });

  const linkKey = graphView.link.length ? `${graphView.link[0]}\n${JSON.stringify(graphView.link.slice(1))}` : "";
  // Moving and zooming draw nothing anew: thousands of shapes would not keep up with a hand.
  const scene = useMemo(
    () =>
      drawing && (
        <Scene
          drawing={drawing}
          legend={legend}
          handlers={hands}
          changes={changes.byKey}
          marks={{ selected: new Set(selectedKeys), link: linkKey, lit: trace.lit, hovered: trace.lit ? "" : hovered }}
        />
      ),
    [drawing, legend, changes.byKey, selectedKeys, linkKey, trace.lit, hovered, selected, openOps, graphView],
  );
  const { x, y, k } = viewport.view;
  const isEmpty = drawing && !drawing.items.length && !drawing.auxiliary.length;
  return (
    <section class="view" aria-label="Graph">
      <Toolbar drawing={drawing} svg={svg} viewport={viewport} tracing={trace.summary} />
      {(error || changes.error) && <p class="trouble">{error || changes.error}</p>}
      {isEmpty && (
        <p class="empty">There are no ops here: a checkpoint has no graph. Its variables are in the other views.</p>
      )}
      <div class="stage">
        <svg
          class={`graph ${isBusy ? "busy" : ""}`}
          ref={svg}
          tabindex={0}
          role="group"
          aria-label="dataflow"
          data-settled={isBusy || error ? "" : asked}
          onClick={() => navigate({ selected: "" })}
        >
          <Tips />
          <g transform={`translate(${x} ${y}) scale(${k})`}>{scene}</g>
        </svg>
        {!drawing && !error && <p class="quiet pad waiting">Drawing…</p>}
        {drawing && <Minimap drawing={drawing} viewport={viewport} svg={svg} />}
        {drawing && !graphView.hidesAuxiliary && <AuxiliaryPanel drawing={drawing} changes={changes} lit={trace.lit} />}
      </div>
      <LegendBar drawing={drawing} legend={legend} />
    </section>
  );
}

// The innermost drawn box that stands for a name.
function deepest(items: DrawnItem[], name: string): string {
  if (!name) return "";
  const around = new Set([name, ...ancestors(name)]);
  let best: DrawnItem | undefined;
  for (const drawn of items) {
    const holds = around.has(drawn.item.path) || drawn.item.members.includes(name);
    if (holds && (!best || drawn.depth > best.depth)) best = drawn;
  }
  return best?.key ?? "";
}

const MORE = 150; // items that a scope shows more of, each time that one asks for the rest

function useTrace(drawing: Drawing | undefined): { lit: Set<string> | null; summary: string } {
  const { model, graphView, selected } = route.value;
  const parameters = {
    name: [selected, ...graphView.also],
    direction: graphView.trace,
    opened: drawing?.subgraphs.map((picture) => picture.scope).filter(Boolean) ?? [],
    function: graphView.function,
    role: graphView.roles,
    show: graphView.shown,
    unfold: graphView.unfolded,
    items: graphView.items,
    depth: graphView.depth,
  };
  const result = useQuery(graphView.trace && selected && drawing ? JSON.stringify([model, parameters]) : null, () =>
    api.trace(model, parameters),
  );
  return useMemo(() => {
    if (!result.answer || !graphView.trace) return { lit: null, summary: result.error };
    const { lit, total, direction } = result.answer;
    const what = { inputs: "feed it", outputs: "are fed by it", paths: "lie between them" }[direction];
    return {
      lit: new Set(lit.flatMap(({ scope, items }) => items.map((id) => `${scope}\n${id}`))),
      summary: `${plural(total, "op")} ${what}`,
    };
  }, [result.answer, result.error, graphView.trace]);
}
