// What the signs of the drawing mean: those that are on the screen, and no others.

import { plural, printable } from "../../lib/format";
import { at, COLOURINGS, type Colouring, look } from "../../app/state";
import { type Legend, lineKind, NOTES } from "./coloring";
import type { Drawing } from "./store";

const LINES = {
  data: "data, thicker for larger or more tensors",
  weights: "values of variables",
  write: "writes variables, and may read them",
  control: "order alone",
};
const KINDS = Object.keys(LINES) as (keyof typeof LINES)[];

export function Key({ drawing, legend }: { drawing: Drawing | undefined; legend: Legend }) {
  const { sight } = at.value;
  const root = drawing?.pictures[0];
  const lines = new Set(drawing?.links.map((drawn) => lineKind(drawn.link)));
  const closed = drawing?.items.filter((drawn) => !drawn.isOpen).map((drawn) => drawn.item) ?? [];
  return (
    <div class="key">
      <label>
        colour{" "}
        <select
          value={sight.colouring}
          onChange={(event) => look({ colouring: event.currentTarget.value as Colouring })}
        >
          {COLOURINGS.map((name) => (
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
      {legend.entries.length > 0 && NOTES[sight.colouring] && <span class="quiet">{NOTES[sight.colouring]}</span>}
      {!legend.entries.length && <span class="quiet">nothing here to tell apart</span>}
      {sight.against &&
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
          several as one
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
