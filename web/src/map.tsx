// The map: variables on the left, the op scopes that read or write them on the right, ribbons as wide as the reads.

import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "./api";
import { useAsked } from "./asked";
import { count, plural, printable } from "./format";
import { SavePicture } from "./picture";
import { at, go, toggled } from "./state";
import type { MapNode, Ribbon } from "./schema";

const ROW = 24;

// Both columns and the ribbons between them share the width there is; below a certain one the view scrolls sideways.
export function columns(available: number): { width: number; gap: number } {
  const room = Math.max(460, Math.min(1200, available - 24));
  const width = Math.floor(room * 0.36);
  return { width, gap: room - 2 * width };
}

const ROLES = ["forward", "update", "gradient", "init", "save", "summary", "bookkeeping"] as const;

interface Filter {
  role: string;
  isShared: boolean;
  collection: string;
}

export function readFilter(text: string): Filter {
  const words = text.split(" ");
  const after = (head: string) => words.find((word) => word.startsWith(head))?.slice(head.length);
  return { role: after("role:") ?? "forward", isShared: words.includes("shared"), collection: after("in:") ?? "" };
}

export function writeFilter(filter: Filter): string {
  const words = [filter.role !== "forward" ? `role:${filter.role}` : "", filter.isShared ? "shared" : "",
                 filter.collection ? `in:${filter.collection}` : ""];
  return words.filter(Boolean).join(" ");
}

export function Map() {
  const { model, openVariables, openOps, filter: text } = at.value;
  const filter = readFilter(text);
  const parameters = {
    left: openVariables, right: openOps, role: filter.role === "all" ? "" : filter.role, shared: filter.isShared,
    collection: filter.collection,
  };
  const asked = useAsked(model ? JSON.stringify([model, parameters]) : null, () =>
    api.map(model, filter.role === "all" ? { ...parameters, role: undefined } : parameters),
  );
  const groups = useAsked(model ? `collections ${model}` : null, () => api.collections(model));
  const [room, setRoom] = useState(900);
  const frame = useRef<HTMLElement>(null);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setRoom(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const [hovered, setHovered] = useState<{ side: "left" | "right"; index: number } | null>(null);
  const set = (change: Partial<Filter>) => go({ filter: writeFilter({ ...filter, ...change }) });
  const found = asked.answer;
  return (
    <section class="view" aria-label="Map" ref={frame}>
      <div class="bar">
        <label>
          accesses{" "}
          <select value={filter.role} onChange={(event) => set({ role: event.currentTarget.value })}>
            {ROLES.map((role) => <option key={role} value={role}>{role}</option>)}
          </select>
        </label>
        <label>
          <input type="checkbox" checked={filter.isShared} onChange={(event) => set({ isShared: event.currentTarget.checked })} />
          shared only
        </label>
        {!!groups.answer?.collections.length && (
          <label>
            in{" "}
            <select value={filter.collection} onChange={(event) => set({ collection: event.currentTarget.value })}>
              <option value="">any collection</option>
              {groups.answer.collections.map(({ collection }) => (
                <option key={collection.name} value={collection.name}>{printable(collection.name)}</option>
              ))}
            </select>
          </label>
        )}
        {(openVariables.length > 0 || openOps.length > 0) && (
          <button onClick={() => go({ openVariables: [], openOps: [] })}>close all scopes</button>
        )}
        <span class="grow" />
        <SavePicture of={() => frame.current?.querySelector<SVGSVGElement>("svg.map") ?? null} name="map" />
        {found && <span class="quiet">{plural(found.total_variables, "variable")}, {plural(found.total_accesses, "access", "accesses")}</span>}
      </div>
      {asked.error && <p class="trouble">{asked.error}</p>}
      {found && found.total_accesses === 0 && (
        <p class="empty">
          {filter.role === "forward" && !filter.isShared && !filter.collection
            ? "No op of the computation reads a variable here. A checkpoint has no graph; other accesses are in the menu above."
            : "Nothing fits this filter."}
        </p>
      )}
      {found && found.total_accesses > 0 && (
        <div class="scroll">
          {found.is_cut && <p class="warning pad">Too much is open to draw it all: the rest is left out. Close some scopes.</p>}
          <Drawing room={room} variables={found.variables} ops={found.ops} ribbons={found.ribbons} hovered={hovered} onHover={setHovered} />
        </div>
      )}
    </section>
  );
}

interface DrawingProps {
  room: number;
  variables: MapNode[];
  ops: MapNode[];
  ribbons: Ribbon[];
  hovered: { side: "left" | "right"; index: number } | null;
  onHover: (what: { side: "left" | "right"; index: number } | null) => void;
}

function Drawing({ room, variables, ops, ribbons, hovered, onHover }: DrawingProps) {
  const { width: WIDTH, gap: GAP } = columns(room);
  const height = ROW * Math.max(variables.length, ops.length) + 34;
  const most = Math.max(1, ...ribbons.map((ribbon) => ribbon.reads + ribbon.writes));
  const sources = new globalThis.Map<number, number>();
  for (const ribbon of ribbons) sources.set(ribbon.left, (sources.get(ribbon.left) ?? 0) + 1);
  const isLit = (ribbon: Ribbon) =>
    !hovered || (hovered.side === "left" ? ribbon.left === hovered.index : ribbon.right === hovered.index);
  const litLeft = new Set(ribbons.filter(isLit).map((ribbon) => ribbon.left));
  const litRight = new Set(ribbons.filter(isLit).map((ribbon) => ribbon.right));
  return (
    <svg class="map" width={2 * WIDTH + GAP} height={height} role="group" aria-label="variables, op scopes and their ribbons">
      <text x="8" y="18" class="heading">variables</text>
      <text x={WIDTH + GAP + 8} y="18" class="heading">op scopes that use them</text>
      <g>
        {ribbons.map((ribbon, index) => {
          const width = 1.5 + (12 * (ribbon.reads + ribbon.writes)) / most;
          const from = ROW * ribbon.left + 40;
          const to = ROW * ribbon.right + 40;
          const kind = ribbon.writes > ribbon.reads ? "write" : (sources.get(ribbon.left) ?? 0) > 1 ? "shared" : "read";
          return (
            <path
              key={index} class={`ribbon ${kind} ${isLit(ribbon) ? "" : "dim"}`} stroke-width={width}
              d={`M ${WIDTH} ${from} C ${WIDTH + GAP / 2} ${from}, ${WIDTH + GAP / 2} ${to}, ${WIDTH + GAP} ${to}`}
            >
              <title>{`${variables[ribbon.left]?.path} → ${ops[ribbon.right]?.path}: ${count(ribbon.reads)} reads, ${count(ribbon.writes)} writes`}</title>
            </path>
          );
        })}
      </g>
      {variables.map((node, index) => (
        <Box key={`v ${node.path}`} node={node} index={index} side="left" x={0} width={WIDTH} isDim={!!hovered && !litLeft.has(index) && !node.is_open} onHover={onHover} />
      ))}
      {ops.map((node, index) => (
        <Box key={`o ${node.path}`} node={node} index={index} side="right" x={WIDTH + GAP} width={WIDTH} isDim={!!hovered && !litRight.has(index) && !node.is_open} onHover={onHover} />
      ))}
    </svg>
  );
}

interface BoxProps {
  node: MapNode;
  index: number;
  side: "left" | "right";
  x: number;
  width: number;
  isDim: boolean;
  onHover: DrawingProps["onHover"];
}

function Box({ node, index, side, x, width, isDim, onHover }: BoxProps) {
  const indent = 14 * (node.depth - 1);
  const isSelected = at.value.selected === node.path;
  const open = () => {
    if (!node.is_scope) return;
    if (side === "left") go({ openVariables: toggled(at.value.openVariables, node.path) }, true);
    else go({ openOps: toggled(at.value.openOps, node.path) }, true);
  };
  const pick = () => go({ selected: node.path });
  const mark = node.is_scope ? (node.is_open ? "▾ " : "▸ ") : "";
  const label = printable(node.label);
  const room = Math.floor((width - indent - 70) / 7.4);
  const shown = label.length > room ? `${label.slice(0, room - 1)}…` : label;
  const number = node.uses > 1 ? `shared ${node.uses}` : node.is_scope ? count(node.items) : "";
  return (
    <g
      class={`box ${isDim ? "dim" : ""} ${isSelected ? "selected" : ""} ${node.is_scope ? "scope" : ""}`}
      transform={`translate(${x} ${ROW * index + 28})`} tabIndex={0} role="button"
      aria-expanded={node.is_scope ? node.is_open : undefined}
      onMouseEnter={() => !node.is_open && onHover({ side, index })} onMouseLeave={() => onHover(null)}
      onFocus={() => !node.is_open && onHover({ side, index })} onBlur={() => onHover(null)}
      onClick={pick} onDblClick={open}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        if (event.key === "Enter") open();
        pick();
      }}
    >
      <title>{`${node.is_scope ? "scope" : side === "left" ? "variable" : "op"} ${printable(node.path)}`}</title>
      <rect x={indent + 2} y="1" width={width - indent - 4} height={ROW - 3} rx={node.is_scope ? 5 : 10} />
      <text x={indent + 10} y="16" onClick={(event) => node.is_scope && (event.stopPropagation(), open(), pick())}>
        {mark}{shown}
      </text>
      <text x={width - 10} y="16" class="number">
        {number}
      </text>
    </g>
  );
}
