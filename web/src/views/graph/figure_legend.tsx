// The legend of a drawing that leaves the page: below it, as wide as it is, in the signs of the drawing itself.

import type { ComponentChildren, VNode } from "preact";
import { printable } from "../../lib/format";
import type { Legend } from "./coloring";
import { type LineKind, LINES, signsOf } from "./signs";
import type { Drawing } from "./store";

const [ROW, SIGN, GAP, LETTER] = [18, 20, 14, 6.1]; // px: a line of it, a sign, room between two, a letter
const LEAST = 320; // px: in less a text would stand alone in a line
const MOST_LETTERS = 60;

export interface FigureLegend {
  width: number;
  height: number;
  node: VNode;
}

export function figureLegend(drawing: Drawing, legend: Legend, drawnWidth: number): FigureLegend {
  const width = Math.max(LEAST, drawnWidth);
  const { lines, hasVariables, hasGroups, hasGates } = signsOf(drawing);
  const entries: [sign: ComponentChildren, text: string][] = [
    ...legend.entries.map(({ mark, text }): [ComponentChildren, string] => [
      <g class={`item ${mark}`} key={text}>
        <rect class="body" y="3" width="16" height="11" rx="3" />
      </g>,
      text,
    ]),
    ...lines.map((kind: LineKind): [ComponentChildren, string] => [
      <g class={`link ${kind}`} key={kind}>
        <path class="line" d="M 0 8.5 H 16" stroke-width="2" />
      </g>,
      LINES[kind],
    ]),
  ];
  const shape = (rx: number, isStack = false) => (
    <g class="item">
      {isStack && <rect class="behind" x="3" y="1" width="13" height="10" rx={rx} />}
      <rect class="body" y={isStack ? 4 : 3} width={isStack ? 13 : 16} height={isStack ? 10 : 11} rx={rx} />
    </g>
  );
  if (hasVariables) entries.push([shape(5.5), "variable"]);
  if (hasGroups) entries.push([shape(2, true), "group of similar nodes"]);
  if (hasGates)
    entries.push([
      <g class="gate" key="gate">
        <rect y="3" width="16" height="11" rx="3" />
      </g>,
      "from and to outside",
    ]);
  if (legend.remark) entries.push([null, legend.remark]);
  let [x, y] = [0, 0];
  const placed = entries.map(([sign, words]) => {
    const text = printable(words).slice(0, MOST_LETTERS);
    const room = (sign ? SIGN : 0) + text.length * LETTER;
    if (x > 0 && x + room > width) [x, y] = [0, y + ROW];
    const at = { x, y };
    x += room + GAP;
    return { sign, text, ...at };
  });
  const node = (
    <g>
      {placed.map((one) => (
        <g key={`${one.x} ${one.y}`} transform={`translate(${one.x} ${one.y})`}>
          {one.sign}
          <text class="sign" x={one.sign ? SIGN : 0} y="12.5">
            {one.text}
          </text>
        </g>
      ))}
    </g>
  );
  return { width, height: y + ROW, node };
}
