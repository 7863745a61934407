// What is drawn, as SVG: opened boxes behind, then links, then what stands in them.

import { count, cut, plural, printable } from "../../lib/format";
import type { Outside } from "../../lib/schema";
import type { Change } from "./changes";
import { type Legend, lineKind } from "./coloring";
import { dims, referenceText, subtitle, title } from "./box";
import { gateWidth, type Point } from "./plan";
import type { DrawnGate, DrawnItem, DrawnLink, Drawing } from "./store";

export interface Marks {
  selected: Set<string>; // keys of the items
  link: string; // key of the link
  lit: Set<string> | null; // keys of the items on a trace; null if nothing is traced
  hovered: string;
}

export interface Handlers {
  pick: (item: DrawnItem, isMore: boolean) => void;
  open: (item: DrawnItem) => void;
  pickLink: (link: DrawnLink) => void;
  pickGate: (gate: DrawnGate) => void;
  hover: (key: string) => void;
}

interface Props {
  drawing: Drawing;
  legend: Legend;
  marks: Marks;
  handlers: Handlers;
  changes: Map<string, Change>; // by the key of an item: what a diff says of it
}

export function Scene({ drawing, legend, marks, handlers, changes }: Props) {
  const depth = Math.max(0, ...drawing.items.map((item) => item.depth));
  const near = marks.hovered ? neighbors(drawing.links, marks.hovered) : null;
  const beyond = new Map(
    drawing.subgraphs.map(({ scope, outside }) => [scope, new Map(outside.map((one) => [one.id, one]))]),
  );
  const layers = Array.from({ length: depth + 1 }, (_, level) => level);
  return (
    <>
      {layers.map((level) => [
        ...drawing.items
          .filter((item) => item.depth === level && item.isOpen)
          .map((item) => (
            <Item
              key={item.key}
              drawn={item}
              legend={legend}
              marks={marks}
              handlers={handlers}
              isFaint={false}
              change={changes.get(item.key)}
            />
          )),
        ...drawing.links
          .filter((link) => link.depth === level)
          .map((link) => (
            <Link
              key={`${link.key} ${JSON.stringify(link.points)}`}
              drawn={link}
              isSelected={marks.link === link.key}
              isFaint={isFaintLink(link, marks, near)}
              isNear={!!near && touches(link, marks.hovered)}
              handlers={handlers}
            />
          )),
        ...drawing.gates
          .filter((gate) => gate.depth === level)
          .map((gate) => (
            <GateMark
              key={gate.key}
              drawn={gate}
              outside={beyond.get(gate.scope)?.get(gate.gate.id)}
              handlers={handlers}
            />
          )),
        ...drawing.items
          .filter((item) => item.depth === level && !item.isOpen)
          .map((item) => (
            <Item
              key={item.key}
              drawn={item}
              legend={legend}
              marks={marks}
              handlers={handlers}
              change={changes.get(item.key)}
              isFaint={
                !marks.selected.has(item.key) &&
                (marks.lit
                  ? !marks.lit.has(item.key)
                  : !!near && item.scope === scopeOf(marks.hovered) && !near.has(item.key))
              }
            />
          )),
      ])}
    </>
  );
}

// An attribute that tells whose this is; never empty, for an empty one would lose its value when it is written as XML.
const mark = (name: string) => `/${printable(name)}`;
const scopeOf = (key: string) => key.slice(0, key.indexOf("\n"));
const keyOf = (link: DrawnLink, id: string) => `${link.scope}\n${id}`;
const touches = (link: DrawnLink, key: string) => keyOf(link, link.source) === key || keyOf(link, link.target) === key;

function neighbors(links: DrawnLink[], key: string): Set<string> {
  const found = new Set([key]);
  for (const link of links)
    if (touches(link, key)) {
      found.add(keyOf(link, link.source));
      found.add(keyOf(link, link.target));
    }
  return found;
}

function isFaintLink(link: DrawnLink, marks: Marks, near: Set<string> | null): boolean {
  if (marks.lit) return !(marks.lit.has(keyOf(link, link.source)) && marks.lit.has(keyOf(link, link.target)));
  return !!near && link.scope === scopeOf(marks.hovered) && !touches(link, marks.hovered);
}

interface ItemProps {
  drawn: DrawnItem;
  legend: Legend;
  marks: Marks;
  handlers: Handlers;
  isFaint: boolean;
  change: Change | undefined;
}

function Item({ drawn, legend, marks, handlers, isFaint, change }: ItemProps) {
  const { item, width, height, isOpen } = drawn;
  const note = isOpen ? "" : legend.noteOf(drawn);
  const classes = [
    "item",
    item.kind,
    item.total_members > 1 ? "many" : "",
    isOpen ? "open" : "",
    isOpen ? "" : legend.classOf(drawn),
    item.uses > 1 ? "shared" : "",
    marks.selected.has(drawn.key) ? "selected" : "",
    isFaint ? "faint" : "",
    change ? `diff-${change.kind}` : "",
  ];
  const radius = item.kind === "variable" ? 12 : isOpen ? 8 : item.kind === "scope" ? 7 : 4;
  const leads = item.can_open || item.calls.length > 0;
  const middle = width / 2 + (leads ? 5 : 0);
  const below = isOpen ? "" : subtitle(item);
  const references = isOpen ? "" : referenceText(drawn.references);
  const line = (index: number) => (isOpen ? 17 : 16 + 13 * index);
  const isOneLine = !isOpen && !below && !references;
  return (
    <g
      class={classes.filter(Boolean).join(" ")}
      style={{ transform: `translate(${drawn.x}px, ${drawn.y}px)` }}
      data-key={printable(drawn.key)}
      tabindex={0}
      role="button"
      aria-expanded={item.can_open ? isOpen : undefined}
      onClick={(event) => {
        event.stopPropagation();
        handlers.pick(drawn, event.shiftKey || event.ctrlKey || event.metaKey);
      }}
      onDblClick={(event) => {
        event.stopPropagation();
        handlers.open(drawn);
      }}
      onMouseEnter={() => !isOpen && handlers.hover(drawn.key)}
      onMouseLeave={() => handlers.hover("")}
    >
      <title>{[tooltip(item), note].filter(Boolean).join("\n")}</title>
      {item.total_members > 1 &&
        !isOpen &&
        [6, 3].map((shift) => (
          <rect key={shift} class="behind" x={shift} y={-shift} width={width} height={height} rx={radius} />
        ))}
      <rect class="body" width={width} height={height} rx={radius} />
      <text
        class="name"
        x={isOpen ? 24 : middle}
        y={isOneLine ? height / 2 + 4 : line(0)}
        text-anchor={isOpen ? "start" : "middle"}
      >
        {title(item)}
        {item.total_members > 1 ? ` ×${item.total_members}` : ""}
      </text>
      {below && (
        <text class={item.uses > 1 ? "below uses" : "below"} x={middle} y={line(1)} text-anchor="middle">
          {below}
        </text>
      )}
      {references && (
        <text class="below reference" x={middle} y={line(below ? 2 : 1)} text-anchor="middle">
          {references}
        </text>
      )}
      {leads && (
        <text
          class="twist"
          x="9"
          y={isOpen ? 17 : height / 2 + 4}
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            handlers.open(drawn);
          }}
        >
          {isOpen ? "▾" : item.can_open ? "▸" : "ƒ"}
        </text>
      )}
      {note && !change && (
        <text class="note" x={width - 2} y={height + 11} text-anchor="end">
          {cut(printable(note), Math.max(8, Math.floor(width / 6)))}
        </text>
      )}
      {change && (
        <text class="difference" x={width - 4} y={isOpen ? 17 : height + 11} text-anchor="end">
          {change.summary}
        </text>
      )}
    </g>
  );
}

type GraphItemLike = DrawnItem["item"];

function tooltip(item: GraphItemLike): string {
  const lines = [
    printable(item.path),
    item.type,
    item.shape_known ? `${item.dtype} ${dims(item.shape)}` : "",
    item.ops > 1 ? plural(item.ops, "op") : "",
    item.total_members > 1
      ? `${plural(item.total_members, "member")}: ${item.members.slice(0, 6).map(printable).join(", ")}…`
      : "",
    item.uses > 1
      ? `shared: used at ${item.uses} call sites: ${item.call_sites.slice(0, 8).map(printable).join(", ")}`
      : "",
    item.slots ? plural(item.slots, "slot") : "",
    item.devices.filter(Boolean).map(printable).join(", "),
    ...item.constants.map((constant) => `${printable(constant.name)} = ${constant.preview.join(" ")}`),
    item.calls.length ? `calls ${item.calls.map(printable).join(", ")}` : "",
  ];
  return lines.filter(Boolean).join("\n");
}

interface LinkProps {
  drawn: DrawnLink;
  isSelected: boolean;
  isFaint: boolean;
  isNear: boolean;
  handlers: Handlers;
}

function Link({ drawn, isSelected, isFaint, isNear, handlers }: LinkProps) {
  const { link, points, label, kind: route, scope, source, target } = drawn;
  const kind = lineKind(link);
  const width =
    link.elements === null
      ? Math.min(4, 1.2 + Math.log10(Math.max(1, link.tensors)) * 0.8)
      : Math.min(5, 1 + Math.max(0, Math.log10(link.elements)) * 0.55);
  const path = route === "line" ? smooth(points) : bow(points);
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
      data-scope={mark(scope)}
      data-source={mark(source)}
      data-target={mark(target)}
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

const NAMED = 12; // that the tip of a gate for several names

function GateMark({
  drawn,
  outside,
  handlers,
}: {
  drawn: DrawnGate;
  outside: Outside | undefined;
  handlers: Handlers;
}) {
  const { gate, scope, x, y } = drawn;
  const width = gateWidth(gate.label);
  const names = outside?.variables ?? gate.others.slice(0, NAMED);
  const rest = (outside?.total_variables ?? gate.others.length) - names.length;
  return (
    <g
      class={`gate ${gate.weights ? "weights" : ""}`}
      data-scope={mark(scope)}
      data-gate={mark(gate.id)}
      style={{ transform: `translate(${x}px, ${y}px)` }}
      onClick={(event) => {
        event.stopPropagation();
        handlers.pickGate(drawn);
      }}
    >
      <title>
        {[
          `${gate.side === "in" ? "from" : "to"} ${gate.id ? printable(gate.id) : gate.label}`,
          ...names.map(printable),
          rest > 0 ? `… ${count(rest)} more` : "",
        ]
          .filter(Boolean)
          .join("\n")}
      </title>
      <rect width={width} height="16" rx={gate.weights ? 8 : 3} />
      <text x={width / 2} y="12" text-anchor="middle">
        {gate.label}
      </text>
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
