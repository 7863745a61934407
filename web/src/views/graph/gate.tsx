// Where a line meets the side of an opened box, and where it goes on in another column.

import { count, printable } from "../../lib/format";
import type { Outside } from "../../lib/schema";
import { type Handlers, owner } from "./drawn";
import { GATE_HEIGHT, gateWidth, idOf } from "./plan";
import type { DrawnGate, DrawnTurn } from "./store";

const NAMED = 12; // that the tip of a gate for several names

export function GateMark({
  drawn,
  outside,
  isSideways,
  handlers,
}: {
  drawn: DrawnGate;
  outside: Outside | undefined;
  isSideways: boolean;
  handlers: Handlers;
}) {
  const { gate, scope, x, y } = drawn;
  const width = gateWidth(gate.label);
  const names = outside?.variables ?? gate.others.slice(0, NAMED);
  const rest = (outside?.total_variables ?? gate.others.length) - names.length;
  return (
    <g
      class={`gate ${gate.weights ? "weights" : ""}`}
      data-scope={owner(scope)}
      data-gate={owner(gate.id)}
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
      <rect width={width} height={GATE_HEIGHT} rx={gate.weights ? 8 : 3} />
      <path
        class="stem"
        d={isSideways ? `M -3 ${GATE_HEIGHT / 2} H ${width + 3}` : `M ${width / 2} -3 V ${GATE_HEIGHT + 3}`}
      />
      <text x={width / 2} y="12" text-anchor="middle">
        {gate.label}
      </text>
    </g>
  );
}

export function TurnMark({ drawn, handlers }: { drawn: DrawnTurn; handlers: Handlers }) {
  const { side, label, other, scope, x, y } = drawn;
  const text = `${side} ${label}`;
  const width = gateWidth(text);
  return (
    <g
      class="turn"
      data-scope={owner(scope)}
      data-turn={owner(idOf(other))}
      style={{ transform: `translate(${x}px, ${y}px)` }}
      onClick={(event) => {
        event.stopPropagation();
        handlers.pickTurn(drawn);
      }}
    >
      <title>{`${side === "to" ? "goes on in another column, to" : "comes from another column, from"} ${printable(idOf(other))}`}</title>
      <rect width={width} height={GATE_HEIGHT} rx="8" />
      <circle class="dot" cx={width / 2} cy={GATE_HEIGHT / 2} r="5" />
      <text x={width / 2} y="12" text-anchor="middle">
        {text}
      </text>
    </g>
  );
}
