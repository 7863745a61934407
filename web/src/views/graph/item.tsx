// A box: an op, a variable, a scope, a group.

import { cut, plural, printable } from "../../lib/format";
import { dims, referenceText, subtitle, title } from "./box";
import type { Change } from "./changes";
import type { Legend } from "./coloring";
import type { Handlers, Marks } from "./drawn";
import type { DrawnItem } from "./store";

interface ItemProps {
  drawn: DrawnItem;
  legend: Legend;
  marks: Marks;
  handlers: Handlers;
  isFaint: boolean;
  change: Change | undefined;
}

export function Item({ drawn, legend, marks, handlers, isFaint, change }: ItemProps) {
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
  const nameAt = isOneLine ? height / 2 + 4 : line(0);
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
        y={nameAt}
        style={isOpen ? undefined : { "--alone": `${height / 2 + 4 - nameAt}px` }}
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
