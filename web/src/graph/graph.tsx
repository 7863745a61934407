// The graph: the dataflow of the op tree, its scopes opened in place.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../api";
import { useAsked } from "../asked";
import { plural, printable } from "../format";
import { ModelOptions } from "../models";
import { SavePicture } from "../picture";
import { above, announced, at, COLOURINGS, type Colouring, current, go, look, models, said, selectAlso, SIGHT, toggled } from "../state";
import { Aside } from "./aside";
import { useChanges } from "./changes";
import { legendOf, NOTES } from "./colour";
import { focus, useKeys } from "./keys";
import { Minimap } from "./minimap";
import { Scene, Tips } from "./scene";
import { arrange, prepare } from "./engine";
import { draw, pictureOf, type DrawnGate, type DrawnItem, type DrawnLink, type Drawing } from "./store";
import { parseBox, useViewport, type Viewport } from "./viewport";

// What is on the screen, and the question that it answers: until another is drawn, that may be an earlier one.
interface Drawn {
  asked: string;
  drawing: Drawing | undefined;
  error: string;
}

export function Graph() {
  const { model, sight, openOps, selected } = at.value;
  const revision = current.value?.revision ?? 0;
  const [drawn, setDrawn] = useState<Drawn>({ asked: "", drawing: undefined, error: "" });
  const [hovered, setHovered] = useState("");
  const svg = useRef<SVGSVGElement>(null);
  const held = useRef<{ key: string; x: number; y: number; hasFocus: boolean } | null>(null);
  const clicked = useRef("");
  const viewport = useViewport(svg);
  const question = { model, revision, function: sight.function, roles: sight.roles, shown: sight.shown, unfolded: sight.unfolded, items: sight.items };
  const asked = JSON.stringify([question, openOps, sight.isSideways]);

  useEffect(prepare, []);
  useEffect(() => {
    const stop = new AbortController();
    draw(openOps, sight.isSideways, { ask: (scope) => pictureOf(question, scope), arrange }, stop.signal).then(
      (drawing) => stop.signal.aborted || setDrawn({ asked, drawing, error: "" }),
      (problem) => stop.signal.aborted || setDrawn((before) => ({ ...before, asked, error: said(problem) })),
    );
    return () => stop.abort();
  }, [asked]);
  const { drawing, error } = drawn;
  const isBusy = drawn.asked !== asked;

  // What a hand has opened stays under the hand; a first picture is fitted, unless the address says what is in view.
  useEffect(() => {
    if (!drawing || !svg.current) return;
    const anchor = held.current && drawing.items.find((item) => item.key === held.current!.key);
    if (held.current && anchor) {
      const { x, y, k } = viewport.now();
      viewport.set({ x: x + (held.current.x - anchor.x) * k, y: y + (held.current.y - anchor.y) * k, k });
      if (held.current.hasFocus) focus(svg.current, anchor.key); // a box that opens is drawn anew, behind what stands in it
      held.current = null;
    } else if (!parseBox(at.value.sight.box)) {
      fit(drawing, svg.current, viewport, LEGIBLE);
      centre(drawing, deepest(drawing.items, selected), svg.current, viewport);
    }
  }, [drawing]);
  // What was selected elsewhere is brought into view; what was clicked here is where it is.
  useEffect(() => {
    const isOwn = clicked.current === selected;
    clicked.current = "";
    if (drawing && svg.current && !isOwn) centre(drawing, deepest(drawing.items, selected), svg.current, viewport);
  }, [selected]);

  const selectedKeys = useMemo(() => [selected, ...sight.also].map((name) => (drawing ? deepest(drawing.items, name) : "")), [drawing, selected, sight.also]);
  const selectedKey = selectedKeys[0]!;
  const trace = useTrace(drawing);
  const changes = useChanges(drawing);
  const legend = useMemo(() => legendOf(drawing?.items.filter((item) => !item.isOpen).map((drawn) => drawn.item) ?? [], sight.colouring), [drawing, sight.colouring]);

  const open = (drawn: DrawnItem) => {
    const { item } = drawn;
    held.current = { key: drawn.key, x: drawn.x, y: drawn.y, hasFocus: !!svg.current?.contains(document.activeElement) };
    if (item.group === "rest") look({ items: sight.items + MORE });
    else if (item.total_members > 1) look({ unfolded: [...sight.unfolded, item.path] });
    else if (item.calls[0] && !item.can_open) go({ sight: { ...SIGHT, colouring: sight.colouring, isSideways: sight.isSideways, function: item.calls[0] }, openOps: [], selected: "" });
    else if (item.can_open) {
      go({ openOps: toggled(openOps, item.path) }, true);
      announced.value = `${item.label} ${drawn.isOpen ? "closed" : "open"}`;
    }
  };
  const hands = {
    open,
    pick: (drawn: DrawnItem, isMore: boolean) => {
      clicked.current = drawn.item.path;
      if (isMore) selectAlso(drawn.item.path);
      else go({ selected: drawn.item.path });
    },
    pickLink: (link: DrawnLink) => look({ link: [link.scope, link.source, link.target], trace: "" }),
    pickGate: ({ scope, gate }: DrawnGate) => {
      const picture = drawing?.pictures.find((one) => one.scope === scope);
      go({ selected: picture?.outside.find((one) => one.id === gate.id)?.path ?? "" });
    },
    hover: setHovered,
  };
  useKeys({ svg, drawing, selectedKey, open, fit: () => drawing && svg.current && fit(drawing, svg.current, viewport), zoom: viewport.by });

  const linkKey = sight.link.length ? `${sight.link[0]}\n${JSON.stringify(sight.link.slice(1))}` : "";
  // Moving and zooming draw nothing anew: thousands of shapes would not keep up with a hand.
  const scene = useMemo(
    () => drawing && (
      <Scene drawing={drawing} legend={legend} hands={hands} changes={changes.byKey} marks={{ selected: new Set(selectedKeys), link: linkKey, lit: trace.lit, hovered: trace.lit ? "" : hovered }} />
    ),
    [drawing, legend, changes.byKey, selectedKeys, linkKey, trace.lit, hovered, selected, openOps, sight],
  );
  const { x, y, k } = viewport.view;
  const root = drawing?.pictures[0];
  const isEmpty = drawing && !drawing.items.length && !drawing.aside.length;
  return (
    <section class="view" aria-label="Graph">
      <Bar drawing={drawing} svg={svg} viewport={viewport} tracing={trace.told} />
      {(error || changes.error) && <p class="trouble">{error || changes.error}</p>}
      {isEmpty && <p class="empty">There are no ops here: a checkpoint has no graph. Its variables are in the other views.</p>}
      <div class="stage">
        <svg class={`graph ${isBusy ? "busy" : ""}`} ref={svg} tabindex={0} role="group" aria-label="dataflow" data-settled={isBusy || error ? "" : asked} onClick={() => go({ selected: "" })}>
          <Tips />
          <g transform={`translate(${x} ${y}) scale(${k})`}>
            {scene}
          </g>
        </svg>
        {!drawing && !error && <p class="quiet pad waiting">Drawing…</p>}
        {drawing && <Minimap drawing={drawing} viewport={viewport} svg={svg} />}
        <div class="key">
          <label>
            colour{" "}
            <select value={sight.colouring} onChange={(event) => look({ colouring: event.currentTarget.value as Colouring })}>
              {COLOURINGS.map((name) => <option key={name}>{name}</option>)}
            </select>
          </label>
          {legend.entries.map((entry) => (
            <span key={entry.text} class="entry"><i class={`hue${entry.hue}`} />{printable(entry.text)} <span class="quiet">{entry.count}</span></span>
          ))}
          {sight.against && ["new", "gone", "changed", "renamed"].map((kind) => <span key={kind} class="entry"><i class={`diff-${kind}`} />{kind}</span>)}
          {legend.entries.length > 0 && NOTES[sight.colouring] && <span class="quiet">{NOTES[sight.colouring]}</span>}
          {!legend.entries.length && <span class="quiet">nothing here to tell apart</span>}
          {root && <span class="quiet">{`${plural(root.ops, "op")}, ${plural(root.edges, "edge")}`}</span>}
        </div>
        {drawing && !sight.hidesAside && <Aside drawing={drawing} strangers={changes.strangers} />}
      </div>
    </section>
  );
}

// The innermost drawn box that stands for a name.
function deepest(items: DrawnItem[], name: string): string {
  if (!name) return "";
  const around = new Set([name, ...above(name)]);
  let best: DrawnItem | undefined;
  for (const drawn of items) {
    const holds = around.has(drawn.item.path) || drawn.item.members.includes(name);
    if (holds && (!best || drawn.depth > best.depth)) best = drawn;
  }
  return best?.key ?? "";
}

const LEGIBLE = 0.5;
const KEY_HEIGHT = 44; // the legend stands on the foot of the drawing

// Show all of it; what would be too small to read then is shown from its inputs on.
function fit(drawing: Drawing, svg: SVGSVGElement, viewport: Viewport, least = 0): void {
  const [width, height] = [svg.clientWidth - 24, svg.clientHeight - KEY_HEIGHT - 12];
  const k = Math.max(least, Math.min(width / drawing.width, height / drawing.height, 1.4));
  const [left, top] = [width - drawing.width * k, height - drawing.height * k];
  const { isSideways } = at.value.sight;
  viewport.set({ x: 12 + (isSideways && left < 0 ? 0 : left / 2), y: 12 + (!isSideways && top < 0 ? top : top / 2), k });
}

const MORE = 150; // items that a scope shows more of, each time that one asks for the rest
const READABLE = 0.75;

// Bring a box into view, large enough to read, if it is not there already.
function centre(drawing: Drawing, key: string, svg: SVGSVGElement, viewport: Viewport): void {
  const box = drawing.items.find((item) => item.key === key);
  if (!box) return;
  const { clientWidth, clientHeight } = svg;
  const { x, y, k } = viewport.now();
  const [left, top] = [box.x * k + x, box.y * k + y];
  if (k >= READABLE && left >= 0 && top >= 0 && left + box.width * k <= clientWidth && top + box.height * k <= clientHeight) return;
  const scale = Math.min(Math.max(k, READABLE), clientWidth / (box.width + 20), clientHeight / (box.height + 20));
  viewport.set({ x: clientWidth / 2 - (box.x + box.width / 2) * scale, y: clientHeight / 2 - (box.y + box.height / 2) * scale, k: scale });
}

function useTrace(drawing: Drawing | undefined): { lit: Set<string> | null; told: string } {
  const { model, sight, selected } = at.value;
  const parameters = {
    name: [selected, ...sight.also], direction: sight.trace, opened: drawing?.pictures.map((picture) => picture.scope).filter(Boolean) ?? [],
    function: sight.function, role: sight.roles, show: sight.shown, unfold: sight.unfolded, items: sight.items, depth: sight.depth,
  };
  const asked = useAsked(sight.trace && selected && drawing ? JSON.stringify([model, parameters]) : null, () => api.trace(model, parameters));
  return useMemo(() => {
    if (!asked.answer || !sight.trace) return { lit: null, told: asked.error };
    const { lit, total, direction } = asked.answer;
    const what = { inputs: "feed it", outputs: "are fed by it", paths: "lie between them" }[direction];
    return { lit: new Set(lit.flatMap(({ scope, items }) => items.map((id) => `${scope}\n${id}`))), told: `${plural(total, "op")} ${what}` };
  }, [asked.answer, asked.error, sight.trace]);
}

interface BarProps {
  drawing: Drawing | undefined;
  svg: { current: SVGSVGElement | null };
  viewport: Viewport;
  tracing: string;
}

function Bar({ drawing, svg, viewport, tracing }: BarProps) {
  const { model, sight, openOps, selected } = at.value;
  const root = drawing?.pictures[0];
  const folded = drawing?.items.filter(({ item }) => item.group === "twins").map(({ item }) => item.path) ?? [];
  return (
    <div class="bar">
      {sight.function && (
        <nav aria-label="Where"><button class="link" onClick={() => go({ sight: { ...SIGHT, colouring: sight.colouring }, openOps: [], selected: "" })}>main graph</button> › <b class="mono">{printable(sight.function)}</b></nav>
      )}
      <button title="f" onClick={() => drawing && svg.current && (fit(drawing, svg.current, viewport), look({ box: "" }, true))}>fit</button>
      <button aria-label="zoom in" onClick={() => viewport.by(1.3)}>+</button>
      <button aria-label="zoom out" onClick={() => viewport.by(1 / 1.3)}>−</button>
      <label><input type="checkbox" checked={sight.isSideways} onChange={(event) => look({ isSideways: event.currentTarget.checked, box: "" })} /> inputs left</label>
      {(["inputs", "outputs"] as const).map((direction) => (
        <button key={direction} title={direction === "inputs" ? "t" : "T"} disabled={!selected} aria-pressed={sight.trace === direction} class={sight.trace === direction ? "on" : ""} onClick={() => look({ trace: sight.trace === direction ? "" : direction })}>
          trace {direction}
        </button>
      ))}
      {sight.also.length === 1 && (
        <button title="p" aria-pressed={sight.trace === "paths"} class={sight.trace === "paths" ? "on" : ""} onClick={() => look({ trace: sight.trace === "paths" ? "" : "paths" })}>paths between</button>
      )}
      {(sight.trace === "inputs" || sight.trace === "outputs") && (
        <select aria-label="steps" value={sight.depth} onChange={(event) => look({ depth: Number(event.currentTarget.value) })}>
          {[0, 1, 2, 3, 5, 10].map((depth) => <option key={depth} value={depth}>{depth ? plural(depth, "step") : "all steps"}</option>)}
        </select>
      )}
      {sight.trace && <button onClick={() => look({ trace: "" })}>end trace</button>}
      {folded.length > 0 && <button title="draw every folded twin by itself" onClick={() => look({ unfolded: [...sight.unfolded, ...folded] })}>unfold all</button>}
      {(openOps.length > 0 || sight.unfolded.length > 0 || sight.items > SIGHT.items) && <button onClick={() => go({ openOps: [], sight: { ...sight, unfolded: [], items: SIGHT.items, box: "" } })}>close all</button>}
      {models.value.length > 1 && !sight.function && (
        <select aria-label="compare with" value={sight.against} onChange={(event) => look({ against: event.currentTarget.value })}>
          <option value="">compare with…</option>
          <ModelOptions without={model} />
        </select>
      )}
      <span class="quiet" role="status">{tracing}</span>
      <span class="grow" />
      <label><input type="checkbox" checked={!sight.hidesAside} onChange={(event) => look({ hidesAside: !event.currentTarget.checked })} /> set aside</label>
      <SavePicture of={() => svg.current} name="graph" />
      {!!root?.dangling && <span class="warning">{plural(root.dangling, "input")} from ops that are not there</span>}
    </div>
  );
}
