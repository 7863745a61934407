// Two trees side by side and the ribbons between them: the map, and the diff as a picture.

import { useEffect, useRef, useState } from "preact/hooks";
import { cut, printable } from "./format";
import { at, go } from "./state";

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
  left: number; // index into the nodes of the left side
  right: number;
  weight: number;
  kind: string; // a class of its own
  told: string;
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
  const most = Math.max(1, ...bands.map((band) => band.weight));
  const isLit = (band: Band) => !hovered || (hovered.side === "left" ? band.left : band.right) === hovered.index;
  const lit = { left: new Set<number>(), right: new Set<number>() };
  for (const band of bands.filter(isLit)) (lit.left.add(band.left), lit.right.add(band.right));
  if (hovered) lit[hovered.side].add(hovered.index);
  const side = (which: "left" | "right", nodes: SideNode[], x: number) =>
    nodes.map((node, index) => (
      <Box
        key={`${which} ${node.path}`} node={node} y={ROW * index + 28} x={x} width={width} noun={nouns[which === "left" ? 0 : 1]}
        model={which === "right" ? rightModel : ""} isDim={!!hovered && !node.is_open && !lit[which].has(index)} onOpen={() => onOpen(which, node.path)}
        onHover={(is) => setHovered(is && !node.is_open ? { side: which, index } : null)}
      />
    ));
  return (
    <div class="pair" ref={frame}>
      <svg class="map" width={2 * width + gap} height={ROW * Math.max(left.length, right.length) + 34} role="group" aria-label={name}>
        <text x="8" y="18" class="heading">{headings[0]}</text>
        <text x={width + gap + 8} y="18" class="heading">{headings[1]}</text>
        <g>
          {bands.map((band, index) => {
            const [from, to] = [ROW * band.left + 40, ROW * band.right + 40];
            return (
              <path
                key={index} class={`ribbon ${band.kind} ${isLit(band) ? "" : "dim"}`} stroke-width={1.5 + (12 * band.weight) / most}
                d={`M ${width} ${from} C ${width + gap / 2} ${from}, ${width + gap / 2} ${to}, ${width + gap} ${to}`}
              >
                <title>{`${printable(left[band.left]?.path ?? "")} → ${printable(right[band.right]?.path ?? "")}: ${band.told}`}</title>
              </path>
            );
          })}
        </g>
        {side("left", left, 0)}
        {side("right", right, width + gap)}
      </svg>
    </div>
  );
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
  const isSelected = at.value.selected === node.path && at.value.selectedIn === model;
  const open = () => node.is_scope && onOpen();
  const pick = () => go({ selected: node.path, selectedIn: model });
  const mark = node.is_scope ? (node.is_open ? "▾ " : "▸ ") : "";
  const room = Math.floor((width - indent - 24 - 7 * node.note.length) / 7.4);
  return (
    <g
      class={`box ${node.tone} ${isDim ? "dim" : ""} ${isSelected ? "selected" : ""} ${node.is_scope ? "scope" : ""}`}
      transform={`translate(${x} ${y})`} tabindex={0} role="button" aria-expanded={node.is_scope ? node.is_open : undefined}
      onMouseEnter={() => onHover(true)} onMouseLeave={() => onHover(false)} onFocus={() => onHover(true)} onBlur={() => onHover(false)}
      onClick={pick} onDblClick={open}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        if (event.key === "Enter") open();
        pick();
      }}
    >
      <title>{`${node.is_scope ? "scope" : noun} ${printable(node.path)}`}</title>
      <rect x={indent + 2} y="1" width={Math.max(20, width - indent - 4)} height={ROW - 3} rx={node.is_scope ? 5 : 10} />
      <text x={indent + 10} y="16" onClick={(event) => node.is_scope && (event.stopPropagation(), open(), pick())}>
        {mark}{cut(printable(node.label), room)}
      </text>
      <text x={width - 10} y="16" class="number">{node.note}</text>
    </g>
  );
}
