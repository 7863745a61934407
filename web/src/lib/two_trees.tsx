// Two trees side by side and the ribbons between them: the map, and the diff as a picture.

import { useEffect, useRef, useState } from "preact/hooks";
import { cut, printable } from "./format";
import { route, navigate } from "../app/route";
import { type Held, type Pairing, useDrag } from "./pairing";
import { type Band, type Drawn, drawnBands } from "./ribbons";

export type { Band } from "./ribbons";

const ROW = 24;
const TOP = 28; // px above the first row
const MIDDLE = TOP + ROW / 2; // of the first row

export interface SideNode {
  path: string;
  label: string;
  depth: number;
  is_scope: boolean;
  is_open: boolean;
  note: string; // stands at the right end of its box
  about?: string; // more of it, for the tooltip
  tone: string; // a class of its own
}

// Both columns and the ribbons between them share the width there is; below a certain one the view scrolls sideways.
export function columns(available: number): { width: number; gap: number } {
  const room = Math.max(460, Math.min(1200, available - 24));
  const width = Math.floor(room * 0.36);
  return { width, gap: room - 2 * width };
}

interface Props {
  name: string;
  headings: [string, string];
  left: SideNode[];
  right: SideNode[];
  bands: Band[];
  nouns: [string, string]; // what a row that is no scope is, on each side
  onOpen: (side: "left" | "right", path: string) => void;
  rightModel?: string; // the model of the right side, where it is another
  pairing?: Pairing; // where names are paired by hand
}

export function TwoTrees({ name, headings, left, right, bands, nouns, onOpen, rightModel = "", pairing }: Props) {
  const [room, setRoom] = useState(900);
  const [hovered, setHovered] = useState<Held | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setRoom(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { width, gap } = columns(room);
  const drawn = drawnBands(bands);
  const svg = useRef<SVGSVGElement>(null);
  const { drag, begin } = useDrag(svg, { columns: { width, gap }, row: ROW, top: TOP, left, right }, pairing);
  // What a hand rests on stands out with all that it is linked to; with no hand there, what is selected does.
  const { selected, selectedIn } = route.value;
  const chosen =
    selectedAmong("left", left, selectedIn === "" ? selected : "") ??
    selectedAmong("right", right, selectedIn === rightModel ? selected : "");
  const isPulling = drag !== null || pairing?.held != null; // all that may be the other end is to be seen
  const held = isPulling
    ? null
    : (hovered ?? (chosen && bands.some((band) => touches(band, chosen, left, right)) ? chosen : null));
  const inside = held && within(held.side === "left" ? left : right, held.index);
  const isLit = (band: Band) => !held || touches(band, held, left, right);
  const lit = { left: new Set<number>(), right: new Set<number>() };
  for (const band of bands.filter(isLit)) {
    lit.left.add(band.left);
    lit.right.add(band.right);
  }
  for (const index of inside ?? []) lit[held!.side].add(index);
  const side = (which: "left" | "right", nodes: SideNode[], x: number) =>
    nodes.map((node, index) => (
      <Box
        key={`${which} ${node.path}`}
        node={node}
        y={ROW * index + TOP}
        x={x}
        width={width}
        noun={nouns[which === "left" ? 0 : 1]}
        model={which === "right" ? rightModel : ""}
        isDim={!!held && !!hovered && !node.is_open && !lit[which].has(index)}
        isTaken={pairing?.held?.side === which && pairing.held.path === node.path}
        isTarget={drag?.over?.side === which && drag.over.index === index}
        take={pairing && (() => pairing.take(which, node))}
        drop={pairing && which === "left" && !node.is_scope ? () => pairing.drop(node) : undefined}
        onGrab={(event) => begin(event, { side: which, index }, false)}
        onOpen={() => onOpen(which, node.path)}
        onHover={(is) => setHovered(is ? { side: which, index } : null)}
      />
    ));
  return (
    <div class="pair" ref={frame}>
      <svg
        ref={svg}
        class={`map ${pairing ? "pairing" : ""} ${drag ? "dragging" : ""}`}
        width={2 * width + gap}
        height={ROW * Math.max(left.length, right.length) + 34}
        role="group"
        aria-label={name}
      >
        <text x="8" y="18" class="heading">
          {headings[0]}
        </text>
        <text x={width + gap + 8} y="18" class="heading">
          {headings[1]}
        </text>
        <g>
          {drawn.map(({ band, thick, from, to }, index) => (
            <path
              key={index}
              class={`ribbon ${band.kind} ${isLit(band) ? (held ? "lit" : "") : "dim"}`}
              stroke-width={thick}
              d={way({ band, thick, from, to }, width, gap)}
              onPointerDown={(event) => {
                if (band.left < 0 || band.right < 0) return;
                const x = event.clientX - (svg.current?.getBoundingClientRect().left ?? 0);
                const stays = x > width + gap / 2 ? ("left" as const) : ("right" as const);
                begin(event, { side: stays, index: band[stays] }, true);
              }}
            >
              <title>{`${[left[band.left]?.path, right[band.right]?.path]
                .filter((path) => path !== undefined)
                .map(printable)
                .join(" → ")}: ${band.summary}`}</title>
            </path>
          ))}
        </g>
        {side("left", left, 0)}
        {side("right", right, width + gap)}
        {drag && <path class="pull" d={pull(drag, width, gap)} />}
      </svg>
    </div>
  );
}

function way({ band, from, to }: Drawn, width: number, gap: number): string {
  const [start, end] = [ROW * band.left + MIDDLE + from, ROW * band.right + MIDDLE + to];
  if (band.right < 0) return `M ${width} ${start} h ${gap / 5}`;
  if (band.left < 0) return `M ${width + gap} ${end} h ${-gap / 5}`;
  return `M ${width} ${start} C ${width + gap / 2} ${start}, ${width + gap / 2} ${end}, ${width + gap} ${end}`;
}

// An open scope and all that it shows, or a thing alone.
function within(nodes: SideNode[], index: number): Set<number> {
  const found = new Set([index]);
  const { depth } = nodes[index]!;
  for (let next = index + 1; nodes[next] && nodes[next]!.depth > depth; next += 1) found.add(next);
  return found;
}

// From the end that stays to the hand.
function pull({ from, x, y }: { from: Held; x: number; y: number }, width: number, gap: number): string {
  return `M ${from.side === "left" ? width : width + gap} ${ROW * from.index + MIDDLE} L ${x} ${y}`;
}

function touches(band: Band, { side, index }: Held, left: SideNode[], right: SideNode[]): boolean {
  const [end, nodes] = side === "left" ? [band.left, left] : [band.right, right];
  return (
    end === index || (end > index && nodes.slice(index + 1, end + 1).every((node) => node.depth > nodes[index]!.depth))
  );
}

function selectedAmong(side: "left" | "right", nodes: SideNode[], path: string): Held | null {
  const index = path ? nodes.findIndex((node) => node.path === path) : -1;
  return index < 0 ? null : { side, index };
}

interface BoxProps {
  node: SideNode;
  x: number;
  y: number;
  width: number;
  noun: string;
  model: string;
  isDim: boolean;
  isTaken: boolean | undefined;
  isTarget: boolean;
  take: (() => void) | undefined; // as an end of a pair
  drop: (() => void) | undefined; // reject its pair
  onGrab: (event: PointerEvent) => void;
  onOpen: () => void;
  onHover: (is: boolean) => void;
}

function Box({ node, x, y, width, noun, model, take, drop, onOpen, onHover, ...is }: BoxProps) {
  const indent = 14 * (node.depth - 1);
  const isSelected = route.value.selected === node.path && route.value.selectedIn === model;
  const open = () => node.is_scope && onOpen();
  const pick = () => (take && !node.is_scope ? take() : navigate({ selected: node.path, selectedIn: model }));
  const tones = { dim: is.isDim, selected: isSelected, scope: node.is_scope, taken: is.isTaken, target: is.isTarget };
  const classes = Object.entries(tones).flatMap(([name, has]) => (has ? [name] : []));
  const mark = node.is_scope ? (node.is_open ? "▾ " : "▸ ") : "";
  const room = Math.floor(
    (width - indent - 26 - 6.9 * node.note.length - (node.is_scope ? 15 : 0)) / (node.is_scope ? 7.6 : 7.3),
  );
  return (
    <g
      class={`box ${node.tone} ${classes.join(" ")}`}
      transform={`translate(${x} ${y})`}
      tabindex={0}
      role="button"
      aria-expanded={node.is_scope ? node.is_open : undefined}
      onMouseEnter={() => onHover(true)}
      onMouseLeave={() => onHover(false)}
      onFocus={() => onHover(true)}
      onBlur={() => onHover(false)}
      onPointerDown={is.onGrab}
      onClick={pick}
      onDblClick={open}
      onKeyDown={(event) => {
        const beside = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key] as
          "nextElementSibling" | undefined;
        const isTurn = (event.key === "ArrowRight" && !node.is_open) || (event.key === "ArrowLeft" && node.is_open);
        const edit = { p: take, Delete: drop, Backspace: drop }[event.key];
        if (!beside && !isTurn && !edit && event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        if (edit) {
          event.stopPropagation();
          edit();
          return;
        }
        if (beside) (event.currentTarget[beside] as SVGElement | null)?.focus();
        else if (event.key === "Enter" || isTurn) open();
        if (event.key === "Enter" || event.key === " ") pick();
      }}
    >
      <title>
        {[`${node.is_scope ? "scope" : noun} ${printable(node.path)}`, node.about].filter(Boolean).join("\n")}
      </title>
      <rect
        x={indent + 2}
        y="1"
        width={Math.max(20, width - indent - 4)}
        height={ROW - 3}
        rx={node.is_scope ? 5 : 10}
      />
      <text
        x={indent + 10}
        y="16"
        onClick={(event) => {
          if (!node.is_scope) return;
          event.stopPropagation();
          open();
          pick();
        }}
      >
        {mark}
        {cut(printable(node.label), Math.max(4, room))}
      </text>
      <text x={width - 10} y="16" class="number">
        {node.note}
      </text>
    </g>
  );
}
