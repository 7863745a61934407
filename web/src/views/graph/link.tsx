// A line, with the shape of what flows on it.

import { cut, plural, printable } from "../../lib/format";
import { dims } from "./box";
import { lineKind } from "./coloring";
import { type Handlers, owner } from "./drawn";
import type { Point } from "./plan";
import type { DrawnLink } from "./store";

interface LinkProps {
  drawn: DrawnLink;
  isSelected: boolean;
  isFaint: boolean;
  isNear: boolean;
  handlers: Handlers;
}

export function Link({ drawn, isSelected, isFaint, isNear, handlers }: LinkProps) {
  const { link, pieces, label, kind: route, scope, source, target } = drawn;
  const kind = lineKind(link);
  const width =
    link.elements === null
      ? Math.min(4, 1.2 + Math.log10(Math.max(1, link.tensors)) * 0.8)
      : Math.min(5, 1 + Math.max(0, Math.log10(link.elements)) * 0.55);
  const path = pieces.map(route === "line" ? smooth : bow).join(" ");
  const text =
    link.tensors === 1 && link.shape_known ? dims(link.shape) : link.tensors > 1 ? `${link.tensors} tensors` : "";
  const counts = [
    link.data ? plural(link.data, "edge") : "",
    link.control ? plural(link.control, "control edge") : "",
    link.writes ? plural(link.writes, "write") : "",
  ];
  const classes = [
    "link",
    kind,
    route === "line" ? "" : route,
    isSelected ? "selected" : "",
    isFaint ? "faint" : "",
    isNear ? "near" : "",
  ];
  return (
    <g
      class={classes.filter(Boolean).join(" ")}
      data-scope={owner(scope)}
      data-source={owner(source)}
      data-target={owner(target)}
      onClick={(event) => {
        event.stopPropagation();
        handlers.pickLink(drawn);
      }}
    >
      <title>{`${printable(source)} → ${printable(target)}\n${counts.filter(Boolean).join(", ")}${text ? `\n${link.dtype ?? ""} ${text}` : ""}`}</title>
      <path class="grip" d={path} />
      <path class="line" d={path} stroke-width={width} marker-end={`url(#tip-${kind})`} />
      {label && text && (
        <text x={label.x} y={label.y + 3} text-anchor="middle">
          {cut(text, 22)}
        </text>
      )}
    </g>
  );
}

export function Tips() {
  return (
    <defs>
      {["data", "weights", "control", "write"].map((kind) => (
        <marker
          key={kind}
          id={`tip-${kind}`}
          class={`tip ${kind}`}
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path d="M 0 0.5 L 8 4 L 0 7.5 z" />
        </marker>
      ))}
    </defs>
  );
}

const at = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;
const between = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

// Corners are rounded: from the middle of each stretch to the middle of the next, around the bend between them.
function smooth(points: Point[]): string {
  if (points.length < 2) return "";
  const bends = points.slice(1, -1);
  const curves = bends.map(
    (bend, index) =>
      `Q ${at(bend)} ${at(index === bends.length - 1 ? points[points.length - 1]! : between(bend, bends[index + 1]!))}`,
  );
  return `M ${at(points[0]!)} ${curves.length ? curves.join(" ") : `L ${at(points[1]!)}`}`;
}

function bow([from, to]: Point[]): string {
  if (!from || !to) return "";
  const upright = Math.abs(to.y - from.y) >= Math.abs(to.x - from.x);
  const half = upright ? (to.y - from.y) / 2 : (to.x - from.x) / 2;
  const [one, other] = upright
    ? [
        { x: from.x, y: from.y + half },
        { x: to.x, y: to.y - half },
      ]
    : [
        { x: from.x + half, y: from.y },
        { x: to.x - half, y: to.y },
      ];
  return `M ${at(from)} C ${at(one)}, ${at(other)}, ${at(to)}`;
}
