// What the signs of the drawing mean: those that are on the screen, and no others.

import { plural, printable } from "../../lib/format";
import { route, COLORINGS, changeGraphView } from "../../app/route";
import { type Legend, lineKind } from "./coloring";
import type { Drawing } from "./store";
import { isMeasure, useMeasures } from "./use_measure";

const LINES = {
  data: "data, thicker for larger or more tensors",
  weights: "values of variables",
  write: "writes variables, and may read them",
  control: "control dependency",
};
const KINDS = Object.keys(LINES) as (keyof typeof LINES)[];

export function LegendBar({ drawing, legend }: { drawing: Drawing | undefined; legend: Legend }) {
  const { graphView } = route.value;
  const measures = useMeasures();
  const isKnown = !isMeasure(graphView.coloring) || measures.some(({ name }) => name === graphView.coloring);
  const root = drawing?.subgraphs[0];
  const lines = new Set(drawing?.links.map((drawn) => lineKind(drawn.link)));
  const closed = drawing?.items.filter((drawn) => !drawn.isOpen).map((drawn) => drawn.item) ?? [];
  return (
    <div class="key">
      <label>
        color{" "}
        <select
          value={graphView.coloring}
          onChange={(event) => changeGraphView({ coloring: event.currentTarget.value })}
        >
          {COLORINGS.map((name) => (
            <option key={name}>{name}</option>
          ))}
          {measures.map(({ name, title, is_overlay }) => (
            <option key={name} value={name}>
              {is_overlay ? `overlay: ${printable(title)}` : printable(name)}
            </option>
          ))}
          {!isKnown && <option value={graphView.coloring}>{printable(graphView.coloring)}</option>}
        </select>
      </label>
      {legend.entries.map((entry) => (
        <span key={entry.text} class="entry">
          <i class={entry.mark} />
          {printable(entry.text)} <span class="quiet">{entry.count}</span>
        </span>
      ))}
      {legend.remark && <span class="quiet">{printable(legend.remark)}</span>}
      {!legend.entries.length && <span class="quiet">one color</span>}
      {graphView.against &&
        ["new", "gone", "changed", "renamed"].map((kind) => (
          <span key={kind} class="meaning">
            <i class={`diff-${kind}`} />
            {kind}
          </span>
        ))}
      {KINDS.filter((kind) => lines.has(kind)).map((kind) => (
        <span key={kind} class="meaning">
          <i class={`stroke ${kind}`} />
          {LINES[kind]}
        </span>
      ))}
      {closed.some((item) => item.kind === "variable") && (
        <span class="meaning">
          <i class="capsule" />
          variable
        </span>
      )}
      {closed.some((item) => item.kind === "call") && (
        <span class="meaning">
          <i class="none">ƒ</i>calls a function
        </span>
      )}
      {closed.some((item) => item.total_members > 1) && (
        <span class="meaning">
          <i class="stack" />
          group of similar nodes
        </span>
      )}
      {!!drawing?.gates.length && (
        <span class="meaning">
          <i class="way" />
          from and to outside
        </span>
      )}
      {!!drawing?.turns.length && (
        <span class="meaning">
          <i class="way turned" />
          goes on in another column
        </span>
      )}
      {root && <span class="quiet">{`${plural(root.ops, "op")}, ${plural(root.edges, "edge")}`}</span>}
    </div>
  );
}
