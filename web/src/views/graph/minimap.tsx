// The whole in small, with what is in view; a click or a drag moves there.

import type { Drawing } from "./store";
import type { Viewport } from "./viewport";

const WIDE = 150;
const HIDDEN_ABOVE = 0.8; // share of the drawing that is in view: a map of what one sees anyway is in the way

const within = (value: number, most: number) => Math.min(Math.max(value, 0), most);

export function Minimap({
  drawing,
  viewport,
  svg,
}: {
  drawing: Drawing;
  viewport: Viewport;
  svg: { current: SVGSVGElement | null };
}) {
  const element = svg.current;
  if (!element || !drawing.width) return null;
  const { x, y, k } = viewport.view;
  const scale = Math.min(WIDE / drawing.width, WIDE / drawing.height);
  const [left, top] = [within(-x / k, drawing.width), within(-y / k, drawing.height)];
  const [right, bottom] = [
    within((element.clientWidth - x) / k, drawing.width),
    within((element.clientHeight - y) / k, drawing.height),
  ];
  const seen = { x: left, y: top, width: right - left, height: bottom - top };
  const share = (seen.width * seen.height) / (drawing.width * drawing.height);
  if (share >= HIDDEN_ABOVE) return null;
  const move = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const [toX, toY] = [(event.clientX - box.left) / scale, (event.clientY - box.top) / scale];
    viewport.set({ x: element.clientWidth / 2 - toX * k, y: element.clientHeight / 2 - toY * k, k }, true);
  };
  return (
    <svg
      class="minimap"
      width={drawing.width * scale}
      height={drawing.height * scale}
      aria-hidden="true"
      onPointerDown={(event) => {
        (event.currentTarget as Element).setPointerCapture(event.pointerId);
        move(event);
      }}
      onPointerMove={(event) => event.buttons > 0 && move(event)}
    >
      <g transform={`scale(${scale})`}>
        {drawing.items.map((item) => (
          <rect
            key={item.key}
            class={item.isOpen ? "open" : ""}
            x={item.x}
            y={item.y}
            width={item.width}
            height={item.height}
          />
        ))}
        <rect class="seen" {...seen} vector-effect="non-scaling-stroke" />
      </g>
    </svg>
  );
}
