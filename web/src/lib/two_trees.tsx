// Two trees side by side and the ribbons between them: the map, and the diff as a picture.

import { useEffect, useRef, useState } from "preact/hooks";
import { cut, printable } from "./format";
import { route, navigate } from "../app/route";

const ROW = 24;

export interface SideNode {
  path: string;
  label: string;
  depth: number;
  is_scope: boolean;
  is_open: boolean;
  note: string; // stands at the right end of its box
  tone: string; // a class of its own
}

export interface Band {
  left: number; // index into the nodes of the left side; -1 for what comes from nowhere
  right: number; // of the right side; -1 for what ends in the gap
  weight: number;
  kind: string; // a class of its own
  summary: string;
}

interface Hovered {
  side: "left" | "right";
  index: number;
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
}

export function TwoTrees({ name, headings, left, right, bands, nouns, onOpen, rightModel = "" }: Props) {
  const [room, setRoom] = useState(900);
  const [hovered, setHovered] = useState<Hovered | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setRoom(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { width, gap } = columns(room);
  const drawn = stacked(bands);
  // What a hand rests on stands out with all that it is linked to; with no hand there, what is selected does.
  const { selected, selectedIn } = route.value;
  const chosen =
    selectedAmong("left", left, selectedIn === "" ? selected : "") ??
    selectedAmong("right", right, selectedIn === rightModel ? selected : "");
  const held = hovered ?? (chosen && bands.some((band) => touches(band, chosen, left, right)) ? chosen : null);
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
        y={ROW * index + 28}
        x={x}
        width={width}
        noun={nouns[which === "left" ? 0 : 1]}
        model={which === "right" ? rightModel : ""}
        isDim={!!hovered && !node.is_open && !lit[which].has(index)}
        onOpen={() => onOpen(which, node.path)}
        onHover={(is) => setHovered(is ? { side: which, index } : null)}
      />
    ));
  return (
    <div class="pair" ref={frame}>
      <svg
        class="map"
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
          {drawn.map(({ band, thick, offset }, index) => (
            <path
              key={index}
              class={`ribbon ${band.kind} ${isLit(band) ? (held ? "lit" : "") : "dim"}`}
              stroke-width={thick}
              d={way(ROW * band.left + 40 + offset, ROW * band.right + 40 + offset, band, width, gap)}
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
      </svg>
    </div>
  );
}

interface Drawn {
  band: Band;
  thick: number; // px
  offset: number; // px below the middle of its row
}

const [THIN, THICK] = [1.5, 13.5]; // px of a ribbon

// Ribbons between the same two things lie side by side, each as wide as its share.
function stacked(bands: Band[]): Drawn[] {
  const beside = new Map<string, Band[]>();
  for (const band of bands)
    beside.set(`${band.left} ${band.right}`, [...(beside.get(`${band.left} ${band.right}`) ?? []), band]);
  const sum = (several: Band[]) => several.reduce((total, { weight }) => total + weight, 0);
  const most = Math.max(1, ...[...beside.values()].map(sum));
  return [...beside.values()].flatMap((several) => {
    const all = THIN * several.length + ((THICK - THIN) * sum(several)) / most;
    let top = -all / 2;
    return several.map((band) => {
      const thick = THIN + ((THICK - THIN) * band.weight) / most;
      top += thick;
      return { band, thick, offset: several.length > 1 ? top - thick / 2 : 0 };
    });
  });
}

function way(from: number, to: number, band: Band, width: number, gap: number): string {
  if (band.right < 0) return `M ${width} ${from} h ${gap / 5}`;
  if (band.left < 0) return `M ${width + gap} ${to} h ${-gap / 5}`;
  return `M ${width} ${from} C ${width + gap / 2} ${from}, ${width + gap / 2} ${to}, ${width + gap} ${to}`;
}

// An open scope and all that it shows, or a thing alone.
function within(nodes: SideNode[], index: number): Set<number> {
  const found = new Set([index]);
  const { depth } = nodes[index]!;
  for (let next = index + 1; nodes[next] && nodes[next]!.depth > depth; next += 1) found.add(next);
  return found;
}

function touches(band: Band, { side, index }: Hovered, left: SideNode[], right: SideNode[]): boolean {
  const [end, nodes] = side === "left" ? [band.left, left] : [band.right, right];
  return (
    end === index || (end > index && nodes.slice(index + 1, end + 1).every((node) => node.depth > nodes[index]!.depth))
  );
}

function selectedAmong(side: "left" | "right", nodes: SideNode[], path: string): Hovered | null {
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
  onOpen: () => void;
  onHover: (is: boolean) => void;
}

function Box({ node, x, y, width, noun, model, isDim, onOpen, onHover }: BoxProps) {
  const indent = 14 * (node.depth - 1);
  const isSelected = route.value.selected === node.path && route.value.selectedIn === model;
  const open = () => node.is_scope && onOpen();
  const pick = () => navigate({ selected: node.path, selectedIn: model });
  const mark = node.is_scope ? (node.is_open ? "▾ " : "▸ ") : "";
  const room = Math.floor(
    (width - indent - 26 - 6.9 * node.note.length - (node.is_scope ? 15 : 0)) / (node.is_scope ? 7.6 : 7.3),
  );
  return (
    <g
      class={`box ${node.tone} ${isDim ? "dim" : ""} ${isSelected ? "selected" : ""} ${node.is_scope ? "scope" : ""}`}
      transform={`translate(${x} ${y})`}
      tabindex={0}
      role="button"
      aria-expanded={node.is_scope ? node.is_open : undefined}
      onMouseEnter={() => onHover(true)}
      onMouseLeave={() => onHover(false)}
      onFocus={() => onHover(true)}
      onBlur={() => onHover(false)}
      onClick={pick}
      onDblClick={open}
      onKeyDown={(event) => {
        const beside = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key] as
          "nextElementSibling" | undefined;
        const isTurn = (event.key === "ArrowRight" && !node.is_open) || (event.key === "ArrowLeft" && node.is_open);
        if (!beside && !isTurn && event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        if (beside) (event.currentTarget[beside] as SVGElement | null)?.focus();
        else if (event.key === "Enter" || isTurn) open();
        if (event.key === "Enter" || event.key === " ") pick();
      }}
    >
      <title>{`${node.is_scope ? "scope" : noun} ${printable(node.path)}`}</title>
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
