// The drawing as a file, without a browser: reads pictures from standard input and writes SVG. Runs in Node.

import ELK from "elkjs/lib/elk.bundled.js";
import { readFileSync } from "node:fs";
import { renderToString } from "preact-render-to-string";
import type { Coloring } from "../../app/route";
import type { GraphPicture } from "../../lib/schema";
import { legendOf } from "./coloring";
import { figureLegend } from "./figure_legend";
import { fallback } from "./fallback";
import { elkJob, isTooLong, largest } from "./layout";
import type { ElkOutcome } from "./outcome";
import type { Placed, Plan } from "./plan";
import { Tips } from "./link";
import { Scene } from "./scene";
import { draw } from "./store";
import { rulesOf, standaloneStyle, tokensOf, upright } from "../../lib/standalone";

interface Order {
  root: string;
  opened: string[];
  pictures: Record<string, GraphPicture>;
  isSideways: boolean;
  isPlain: boolean; // in layers alone: the engine was too slow
  coloring: Coloring;
  hasLegend: boolean;
  width: { number: number; unit: string } | null; // of the figure, in a unit of CSS; its own size without one
  style: string;
}

const MARGIN = 16;
const ASPECT = 1.3; // width to height of a page
const engine = new ELK();

async function arrange(made: Plan): Promise<Placed> {
  if (order.isPlain || isTooLong(made)) return largest(made, fallback(made));
  const led = await (engine.layout(elkJob(made) as never) as Promise<unknown>).catch(() => null);
  return largest(made, (led as ElkOutcome | null) ?? fallback(made));
}

function ask(order: Order, scope: string): Promise<GraphPicture> {
  const found = order.pictures[scope];
  return found ? Promise.resolve(found) : Promise.reject(new Error(`no picture of ${scope} was given`));
}

const DRAWN = /(^|[\s,>])(svg)?\.(graph|item|link|gate|turn|tip)\b/;
const ignore = () => undefined;
const order = JSON.parse(readFileSync(0, "utf-8")) as Order;
const drawing = await draw(
  order.opened,
  { isSideways: order.isSideways, aspect: ASPECT, drawsHubs: false },
  { ask: (scope) => ask(order, scope), arrange },
  new AbortController().signal,
  order.root,
);
const legend = legendOf(drawing.items, order.coloring, null);
const key = order.hasLegend ? figureLegend(drawing, legend, drawing.width) : null;
const width = Math.max(drawing.width, key?.width ?? 0) + 2 * MARGIN;
const height = drawing.height + 2 * MARGIN + (key ? key.height + MARGIN : 0);
const left = (width - 2 * MARGIN - drawing.width) / 2;
const sizeOf = (px: number) =>
  order.width ? `${Number(((order.width.number * px) / width).toFixed(2))}${order.width.unit}` : px;
const tokens = tokensOf(order.style, ":root");
const style = standaloneStyle(
  rulesOf(order.style).filter((rule) => DRAWN.test(rule.selector)),
  (name) => tokens.get(name) ?? "",
);
const svg = renderToString(
  <svg
    xmlns="http://www.w3.org/2000/svg"
    class="graph"
    width={sizeOf(width)}
    height={sizeOf(height)}
    viewBox={`${-MARGIN} ${-MARGIN} ${width} ${height}`}
  >
    <style dangerouslySetInnerHTML={{ __html: style }} />
    <rect x={-MARGIN} y={-MARGIN} width={width} height={height} fill={tokens.get("--ground")} />
    <Tips />
    <g transform={`translate(${left} 0)`}>
      <Scene
        drawing={drawing}
        legend={legend}
        changes={new Map()}
        marks={{ selected: new Set(), link: "", lit: null, hovered: "" }}
        handlers={{ pick: ignore, open: ignore, pickLink: ignore, pickGate: ignore, pickTurn: ignore, hover: ignore }}
      />
    </g>
    {key && <g transform={`translate(0 ${drawing.height + MARGIN})`}>{key.node}</g>}
  </svg>,
);
process.stdout.write(`${upright(svg)}\n`);
