// A layout without a layout engine, for what is too large for one or waits too long: layers by the longest way from an input.

import { across, boxesOf } from "./layout";
import type { ElkOutcome, ElkPlace } from "./outcome";
import { gateNode, HEAD, MARGIN, type Plan, type Point } from "./plan";

export function fallback(made: Plan): ElkOutcome {
  const layer = layers(made);
  const rows = new Map<number, string[]>();
  const boxes = boxesOf(made);
  for (const id of placed(made)) rows.set(layer.get(id) ?? 0, [...(rows.get(layer.get(id) ?? 0) ?? []), id]);
  const children: ElkPlace[] = [];
  let depth = HEAD + MARGIN;
  let widest = 0;
  const order = [...rows.keys()].sort((a, b) => (made.isSideways ? a - b : b - a));
  for (const key of order) {
    let along = made.isSideways ? HEAD + MARGIN : MARGIN;
    let thick = 0;
    if (made.isSideways && depth === HEAD + MARGIN) depth = MARGIN;
    for (const id of rows.get(key)!) {
      const { size } = boxes.get(id)!;
      const [length, height] = made.isSideways ? [size.height, size.width] : [size.width, size.height];
      if (along > MARGIN && along + length > 2400)
        [along, depth, thick] = [made.isSideways ? HEAD + MARGIN : MARGIN, depth + thick + 14, 0];
      children.push({ id, ...size, x: made.isSideways ? depth : along, y: made.isSideways ? along : depth });
      along += length + 18;
      thick = Math.max(thick, height);
      widest = Math.max(widest, along);
    }
    depth += thick + 30;
  }
  const [width, height] = made.isSideways ? [depth, widest + MARGIN] : [widest + MARGIN, depth];
  const at = new Map<string, Point>(children.map((child) => [child.id, child]));
  const edges = made.lines.map((line) => {
    const [startPoint, endPoint] = across(boxes, made.isSideways, at, line.source, line.target) as [Point, Point];
    return { id: line.id, sections: [{ startPoint, endPoint }] };
  });
  return { width, height, children, edges };
}

function placed(made: Plan): string[] {
  return [...made.nodes.map((node) => node.id), ...made.gates.map((gate) => gateNode(gate.side, gate.id))];
}

function layers(made: Plan): Map<string, number> {
  const waiting = new Map<string, number>();
  const after = new Map<string, string[]>();
  for (const line of made.lines) {
    waiting.set(line.target, (waiting.get(line.target) ?? 0) + 1);
    after.set(line.source, [...(after.get(line.source) ?? []), line.target]);
  }
  const found = new Map<string, number>();
  const queue = placed(made).filter((id) => !waiting.get(id));
  queue.forEach((id) => found.set(id, 0));
  for (let index = 0; index < queue.length; index += 1) {
    const id = queue[index]!;
    for (const next of after.get(id) ?? []) {
      found.set(next, Math.max(found.get(next) ?? 0, found.get(id)! + 1));
      waiting.set(next, waiting.get(next)! - 1);
      if (waiting.get(next) === 0) queue.push(next);
    }
  }
  const last = Math.max(0, ...found.values());
  for (const gate of made.gates) if (gate.side === "out") found.set(gateNode("out", gate.id), last + 1);
  return found;
}
