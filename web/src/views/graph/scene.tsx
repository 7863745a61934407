// What is drawn, as SVG: opened boxes behind, then links, then what stands in them.

import type { Change } from "./changes";
import type { Legend } from "./coloring";
import type { Handlers, Marks } from "./drawn";
import { GateMark, TurnMark } from "./gate";
import { Item } from "./item";
import { Link } from "./link";
import type { DrawnLink, Drawing } from "./store";

interface Props {
  drawing: Drawing;
  legend: Legend;
  marks: Marks;
  handlers: Handlers;
  changes: Map<string, Change>; // by the key of an item: what a diff says of it
}

export function Scene({ drawing, legend, marks, handlers, changes }: Props) {
  const depth = Math.max(0, ...drawing.items.map((item) => item.depth));
  const near = marks.hovered ? neighbors(drawing.links, marks.hovered) : null;
  const beyond = new Map(
    drawing.subgraphs.map(({ scope, outside }) => [scope, new Map(outside.map((one) => [one.id, one]))]),
  );
  const layers = Array.from({ length: depth + 1 }, (_, level) => level);
  return (
    <>
      {layers.map((level) => [
        ...drawing.items
          .filter((item) => item.depth === level && item.isOpen)
          .map((item) => (
            <Item
              key={item.key}
              drawn={item}
              legend={legend}
              marks={marks}
              handlers={handlers}
              isFaint={false}
              change={changes.get(item.key)}
            />
          )),
        ...drawing.links
          .filter((link) => link.depth === level)
          .map((link) => (
            <Link
              key={`${link.key} ${JSON.stringify(link.pieces)}`}
              drawn={link}
              isSelected={marks.link === link.key}
              isFaint={isFaintLink(link, marks, near)}
              isNear={!!near && touches(link, marks.hovered)}
              handlers={handlers}
            />
          )),
        ...drawing.gates
          .filter((gate) => gate.depth === level)
          .map((gate) => (
            <GateMark
              key={gate.key}
              drawn={gate}
              isSideways={drawing.isSideways}
              outside={beyond.get(gate.scope)?.get(gate.gate.id)}
              handlers={handlers}
            />
          )),
        ...drawing.turns
          .filter((turn) => turn.depth === level)
          .map((turn) => <TurnMark key={`turn ${turn.key}`} drawn={turn} handlers={handlers} />),
        ...drawing.items
          .filter((item) => item.depth === level && !item.isOpen)
          .map((item) => (
            <Item
              key={item.key}
              drawn={item}
              legend={legend}
              marks={marks}
              handlers={handlers}
              change={changes.get(item.key)}
              isFaint={
                !marks.selected.has(item.key) &&
                (marks.lit
                  ? !marks.lit.has(item.key)
                  : !!near && item.scope === scopeOf(marks.hovered) && !near.has(item.key))
              }
            />
          )),
      ])}
    </>
  );
}

const scopeOf = (key: string) => key.slice(0, key.indexOf("\n"));
const keyOf = (link: DrawnLink, id: string) => `${link.scope}\n${id}`;
const touches = (link: DrawnLink, key: string) => keyOf(link, link.source) === key || keyOf(link, link.target) === key;

function neighbors(links: DrawnLink[], key: string): Set<string> {
  const found = new Set([key]);
  for (const link of links)
    if (touches(link, key)) {
      found.add(keyOf(link, link.source));
      found.add(keyOf(link, link.target));
    }
  return found;
}

function isFaintLink(link: DrawnLink, marks: Marks, near: Set<string> | null): boolean {
  if (marks.lit) return !(marks.lit.has(keyOf(link, link.source)) && marks.lit.has(keyOf(link, link.target)));
  return !!near && link.scope === scopeOf(marks.hovered) && !touches(link, marks.hovered);
}
