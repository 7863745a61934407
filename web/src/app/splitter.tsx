// The edge of a side pane, which is drawn with the mouse or moved by the arrow keys; a double click brings the first width back.

import { effect, signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { route } from "./route";
import { remember, remembered } from "../lib/remembered";

export type Side = "left" | "right";

const [LEAST, STEP, KEY] = [150, 16, "panes"]; // px, px, and where the widths are kept
const FOLDED = "folded"; // where it is kept which sides are folded away
const NARROW = "(max-width: 1099px)"; // windows on which both sides would leave no canvas

export const folded = signal<Record<Side, boolean>>(keptFolds());

function keptFolds(): Record<Side, boolean> {
  const names = remembered(FOLDED) ?? startingFolds();
  return { left: names.includes("left"), right: names.includes("right") };
}

function startingFolds(): string {
  if (typeof matchMedia === "undefined") return "";
  return matchMedia("(max-width: 799px)").matches ? "left right" : matchMedia(NARROW).matches ? "right" : "";
}

// In a narrow window the inspector lies over the view: it comes with what is selected, and goes with it.
effect(() => {
  const { selected, graphView } = route.value;
  if (typeof matchMedia === "undefined" || !matchMedia(NARROW).matches) return;
  folded.value = { ...folded.peek(), right: !selected && !graphView.link.length };
});

export function fold(side: Side, isFolded: boolean): void {
  folded.value = { ...folded.value, [side]: isFolded };
  const names = Object.entries(folded.value).flatMap(([name, isSo]) => (isSo ? [name] : []));
  if (!matchMedia(NARROW).matches) remember(FOLDED, names.join(" "));
}

const widths = signal<Partial<Record<Side, number>>>(kept());

function kept(): Partial<Record<Side, number>> {
  try {
    const found = JSON.parse(remembered(KEY) ?? "{}") as Record<string, unknown>;
    return Object.fromEntries(
      (["left", "right"] as const)
        .filter((side) => typeof found[side] === "number")
        .map((side) => [side, found[side] as number]),
    );
  } catch {
    return {}; // whatever else wrote there
  }
}

// The custom properties that the style sheet lays the panes out by; none where nobody has moved an edge.
export function paneStyle(): Record<string, string> {
  const most = Math.max(LEAST, innerWidth * 0.4);
  return Object.fromEntries(
    Object.entries(widths.value).map(([side, width]) => [`--${side}`, `${Math.min(width, most)}px`]),
  );
}

function resize(side: Side, width: number | null) {
  const others = Object.fromEntries(Object.entries(widths.value).filter(([other]) => other !== side));
  widths.value =
    width === null ? others : { ...others, [side]: Math.round(Math.max(LEAST, Math.min(innerWidth * 0.4, width))) };
  remember(KEY, JSON.stringify(widths.value));
}

export function Splitter({ side }: { side: Side }) {
  const grip = useRef<HTMLDivElement>(null);
  const now = () => grip.current?.parentElement?.clientWidth ?? LEAST;
  const outward = side === "left" ? 1 : -1;
  function drag(event: PointerEvent) {
    const [from, width] = [event.clientX, now()];
    const move = (moved: PointerEvent) => resize(side, width + outward * (moved.clientX - from));
    grip.current!.setPointerCapture(event.pointerId);
    grip.current!.addEventListener("pointermove", move);
    grip.current!.addEventListener("lostpointercapture", () => grip.current?.removeEventListener("pointermove", move), {
      once: true,
    });
  }
  return (
    <div
      class={`splitter of-${side}`}
      ref={grip}
      role="separator"
      aria-orientation="vertical"
      aria-label={`width of the ${side} pane`}
      tabIndex={0}
      aria-valuenow={widths.value[side] ?? 0}
      aria-valuetext={widths.value[side] ? `${widths.value[side]} pixels` : "as wide as it comes"}
      title="drag to resize; double-click to reset"
      onPointerDown={drag}
      onDblClick={() => resize(side, null)}
      onKeyDown={(event) => {
        const step = { ArrowRight: STEP, ArrowLeft: -STEP }[event.key];
        if (!step) return;
        event.preventDefault();
        resize(side, now() + outward * step);
      }}
    />
  );
}
