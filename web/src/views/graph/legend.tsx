// What the signs of the drawing mean: those that are on the screen, and no others.

import { plural, printable } from "../../lib/format";
import { route, COLORINGS, changeGraphView } from "../../app/route";
import type { Legend } from "./coloring";
import { LINES, signsOf } from "./signs";
import type { Drawing } from "./store";
import { isMeasure, useMeasures } from "./use_measure";

export function LegendBar({ drawing, legend }: { drawing: Drawing | undefined; legend: Legend }) {
  const { graphView } = route.value;
  const measures = useMeasures();
  const isKnown = !isMeasure(graphView.coloring) || measures.some(({ name }) => name === graphView.coloring);
  const root = drawing?.subgraphs[0];
  const signs = signsOf(drawing);
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
      {signs.lines.map((kind) => (
        <span key={kind} class="meaning">
          <i class={`stroke ${kind}`} />
          {LINES[kind]}
        </span>
      ))}
      {signs.hasVariables && (
        <span class="meaning">
          <i class="capsule" />
          variable
        </span>
      )}
      {signs.hasCalls && (
        <span class="meaning">
          <i class="none">ƒ</i>calls a function
        </span>
      )}
      {signs.hasGroups && (
        <span class="meaning">
          <i class="stack" />
          group of similar nodes
        </span>
      )}
      {signs.hasGates && (
        <span class="meaning">
          <i class="way" />
          from and to outside
        </span>
      )}
      {signs.hasTurns && (
        <span class="meaning">
          <i class="way turned" />
          goes on in another column
        </span>
      )}
      {root && <span class="quiet">{`${plural(root.ops, "op")}, ${plural(root.edges, "edge")}`}</span>}
    </div>
  );
}
