// What can be asked of the graph: fit, direction, traces, what is compared, what is saved.

import { count, plural, printable } from "../../lib/format";
import { ModelOptions } from "../../app/models";
import { SavePicture } from "../../lib/save_picture";
import { at, enter, go, look, models, SIGHT } from "../../app/state";
import { fit } from "./framing";
import type { Drawing } from "./store";
import type { Viewport } from "./viewport";

function sum<One>(all: One[], of: (one: One) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

interface BarProps {
  drawing: Drawing | undefined;
  svg: { current: SVGSVGElement | null };
  viewport: Viewport;
  tracing: string;
}

export function Bar({ drawing, svg, viewport, tracing }: BarProps) {
  const { model, sight, openOps, selected } = at.value;
  const root = drawing?.pictures[0];
  const cut = drawing?.pictures.filter((picture) => picture.total_links > picture.links.length) ?? [];
  const folded = drawing?.items.filter(({ item }) => item.group === "twins").map(({ item }) => item.path) ?? [];
  return (
    <div class="bar">
      {sight.function && (
        <nav aria-label="Where">
          <button class="link" onClick={() => enter("", [])}>
            main graph
          </button>
          {sight.through.map((name, index) => (
            <>
              {" › "}
              <button class="link mono" onClick={() => enter(name, sight.through.slice(0, index))}>
                {printable(name)}
              </button>
            </>
          ))}
          {" › "}
          <b class="mono">{printable(sight.function)}</b>
        </nav>
      )}
      <button
        title="f"
        onClick={() => {
          if (!drawing || !svg.current) return;
          fit(drawing, svg.current, viewport);
          look({ box: "" }, true);
        }}
      >
        fit
      </button>
      <button aria-label="zoom in" onClick={() => viewport.by(1.3)}>
        +
      </button>
      <button aria-label="zoom out" onClick={() => viewport.by(1 / 1.3)}>
        −
      </button>
      <label>
        <input
          type="checkbox"
          checked={sight.isSideways}
          onChange={(event) => look({ isSideways: event.currentTarget.checked, box: "" })}
        />{" "}
        inputs left
      </label>
      <span class="quiet">trace</span>
      {(["inputs", "outputs"] as const).map((direction) => (
        <button
          key={direction}
          aria-label={`trace ${direction}`}
          title={direction === "inputs" ? "t" : "T"}
          disabled={!selected}
          aria-pressed={sight.trace === direction}
          class={sight.trace === direction ? "on" : ""}
          onClick={() => look({ trace: sight.trace === direction ? "" : direction })}
        >
          {direction}
        </button>
      ))}
      {sight.also.length === 1 && (
        <button
          title="p"
          aria-pressed={sight.trace === "paths"}
          class={sight.trace === "paths" ? "on" : ""}
          onClick={() => look({ trace: sight.trace === "paths" ? "" : "paths" })}
        >
          paths between
        </button>
      )}
      {(sight.trace === "inputs" || sight.trace === "outputs") && (
        <select
          aria-label="steps"
          value={sight.depth}
          onChange={(event) => look({ depth: Number(event.currentTarget.value) })}
        >
          {[0, 1, 2, 3, 5, 10].map((depth) => (
            <option key={depth} value={depth}>
              {depth ? plural(depth, "step") : "all steps"}
            </option>
          ))}
        </select>
      )}
      {sight.trace && <button onClick={() => look({ trace: "" })}>end trace</button>}
      {folded.length > 0 && (
        <button
          title="draw every folded twin by itself"
          onClick={() => look({ unfolded: [...sight.unfolded, ...folded] })}
        >
          unfold all
        </button>
      )}
      {sight.unfolded.length > 0 && (
        <button title="draw as one again what was unfolded" onClick={() => look({ unfolded: [] })}>
          fold again
        </button>
      )}
      {(openOps.length > 0 || sight.unfolded.length > 0 || sight.items > SIGHT.items) && (
        <button onClick={() => go({ openOps: [], sight: { ...sight, unfolded: [], items: SIGHT.items, box: "" } })}>
          close all
        </button>
      )}
      {models.value.length > 1 && !sight.function && (
        <select
          aria-label="compare with"
          value={sight.against}
          onChange={(event) => look({ against: event.currentTarget.value })}
        >
          <option value="">compare with…</option>
          <ModelOptions without={model} />
        </select>
      )}
      <span class="quiet" role="status">
        {tracing}
      </span>
      <span class="grow" />
      <label>
        <input
          type="checkbox"
          checked={!sight.hidesAside}
          onChange={(event) => look({ hidesAside: !event.currentTarget.checked })}
        />{" "}
        set aside
      </label>
      <SavePicture of={() => svg.current} name="graph" />
      {cut.length > 0 && (
        <span class="warning">{`${count(sum(cut, (one) => one.links.length))} of ${plural(
          sum(cut, (one) => one.total_links),
          "line",
        )} drawn, those with most edges`}</span>
      )}
      {!!root?.dangling && <span class="warning">{plural(root.dangling, "input")} from ops that are not there</span>}
    </div>
  );
}
