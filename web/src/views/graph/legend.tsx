// What the signs of the drawing mean: those that are on the screen, and no others.

import { plural, printable } from "../../lib/format";
import { route, COLORINGS, type Coloring, changeGraphView } from "../../app/route";
import { type Legend, lineKind, NOTES } from "./coloring";
import type { Drawing } from "./store";

const LINES = {
  data: "data, thicker for larger or more tensors",
  weights: "values of variables",
  write: "writes variables, and may read them",
  control: "control dependency",
};
const KINDS = Object.keys(LINES) as (keyof typeof LINES)[];

export function LegendBar({ drawing, legend }: { drawing: Drawing | undefined; legend: Legend }) {
  const { graphView } = route.value;
  const root = drawing?.subgraphs[0];
  const lines = new Set(drawing?.links.map((drawn) => lineKind(drawn.link)));
  const closed = drawing?.items.filter((drawn) => !drawn.isOpen).map((drawn) => drawn.item) ?? [];
  return (
    <div class="key">
      <label>
        color{" "}
        <select
          value={graphView.coloring}
          onChange={(event) => changeGraphView({ coloring: event.currentTarget.value as Coloring })}
        >
          {COLORINGS.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {legend.entries.map((entry) => (
        <span key={entry.text} class="entry">
          <i class={`hue${entry.hue}`} />
          {printable(entry.text)} <span class="quiet">{entry.count}</span>
        </span>
      ))}
      {legend.entries.length > 0 && NOTES[graphView.coloring] && <span class="quiet">{NOTES[graphView.coloring]}</span>}
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
      {root && <span class="quiet">{`${plural(root.ops, "op")}, ${plural(root.edges, "edge")}`}</span>}
    </div>
  );
}
