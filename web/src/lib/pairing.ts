// Dragging from a name of one of two trees to a name of the other, or one end of a ribbon to another name.

import { useEffect, useRef, useState } from "preact/hooks";
import type { SideNode } from "./two_trees";

export type Half = "left" | "right";

export interface Held {
  side: Half;
  index: number;
}

// What a view makes of it; a view without it draws alone.
export interface Pairing {
  held: { side: Half; path: string } | null; // what was taken before, by a click or a key
  take: (side: Half, node: SideNode) => void;
  join: (left: SideNode, right: SideNode) => void;
  drop: (left: SideNode) => void; // a ribbon was let go in the gap
}

export interface Drag {
  from: Held; // the end that stays
  ribbon: boolean; // whether a ribbon is dragged, and not a name
  x: number; // px in the drawing
  y: number;
  over: Held | null;
}

interface Where {
  columns: { width: number; gap: number };
  row: number; // px
  top: number; // px above the first row
  left: SideNode[];
  right: SideNode[];
}

const STILL = 4; // px that a click may move

// What lies at a point of the drawing.
export function nodeAt({ columns: { width, gap }, row, top, left, right }: Where, x: number, y: number): Held | null {
  const side: Half | null = x < width ? "left" : x > width + gap ? "right" : null;
  const index = Math.floor((y - top) / row);
  const nodes = side === "left" ? left : right;
  return side !== null && index >= 0 && index < nodes.length ? { side, index } : null;
}

export function useDrag(svg: { current: SVGSVGElement | null }, where: Where, pairing: Pairing | undefined) {
  const [drag, setDrag] = useState<Drag | null>(null);
  const latest = useRef({ where, pairing, drag });
  latest.current = { where, pairing, drag };
  const stop = useRef(() => undefined as void);
  useEffect(() => () => stop.current(), []);
  function begin(event: PointerEvent, from: Held, ribbon: boolean) {
    if (!pairing || event.button !== 0) return;
    const [startX, startY] = [event.clientX, event.clientY];
    const move = (moved: PointerEvent) => {
      const box = svg.current?.getBoundingClientRect();
      if (!box) return;
      if (!latest.current.drag && Math.hypot(moved.clientX - startX, moved.clientY - startY) < STILL) return;
      const [x, y] = [moved.clientX - box.left, moved.clientY - box.top];
      const over = nodeAt(latest.current.where, x, y);
      setDrag({ from, ribbon, x, y, over: over?.side === from.side ? null : over });
    };
    const end = (ended: Event) => {
      stop.current();
      const { drag: last, where: now, pairing: use } = latest.current;
      setDrag(null);
      if (last && use && ended.type === "pointerup") finish(last, now, use);
    };
    const cancel = (pressed: KeyboardEvent) => pressed.key === "Escape" && end(pressed);
    stop.current();
    stop.current = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      removeEventListener("keydown", cancel);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
    addEventListener("keydown", cancel);
  }
  return { drag, begin };
}

function finish({ from, ribbon, over, x }: Drag, where: Where, pairing: Pairing): void {
  const own = (from.side === "left" ? where.left : where.right)[from.index];
  const other = over && (over.side === "left" ? where.left : where.right)[over.index];
  const { width, gap } = where.columns;
  if (own && other) pairing.join(...(from.side === "left" ? ([own, other] as const) : ([other, own] as const)));
  else if (own && ribbon && from.side === "left" && x > width && x < width + gap) pairing.drop(own);
}
