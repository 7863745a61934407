// The pictures of the opened scopes, their layouts, and the two together: everything that is drawn, in one list.

import { api } from "../../lib/api";
import type { GraphItem, GraphLink, GraphPicture } from "../../lib/schema";
import type { Reference } from "./box";
import { nodeAt } from "./hubs";
import {
  type Box,
  type Gate,
  gateNode,
  itemNode,
  lineId,
  plan,
  type Placed,
  type Plan,
  type PlanOptions,
  type Point,
  type RouteKind,
  type Turn,
} from "./plan";

export interface GraphQuery {
  model: string;
  revision: number;
  function: string;
  roles: string[];
  shown: string[];
  unfolded: string[];
  hidden: string[];
  only: string[];
  items: number;
  drawsPlumbing: boolean;
}

export interface DrawnItem extends Point {
  key: string;
  scope: string;
  item: GraphItem;
  width: number;
  height: number;
  depth: number;
  isOpen: boolean;
  references: Reference[];
}

export interface DrawnLink {
  key: string;
  scope: string;
  source: string; // ids, as the server has them
  target: string;
  link: GraphLink;
  pieces: Point[][];
  label: Point | null;
  kind: RouteKind;
  depth: number;
}

export interface DrawnGate extends Point {
  key: string;
  scope: string;
  gate: Gate;
  depth: number;
}

// Where lines go on in another column of their scope.
export interface DrawnTurn extends Turn {
  key: string;
  scope: string;
  depth: number;
}

export interface Drawing {
  items: DrawnItem[];
  links: DrawnLink[];
  gates: DrawnGate[];
  turns: DrawnTurn[];
  auxiliary: { scope: string; item: GraphItem }[];
  subgraphs: GraphPicture[];
  isSideways: boolean;
  width: number;
  height: number;
}

const KEPT = 500;
const pictures = new Map<string, Promise<GraphPicture>>();

// How a picture of a scope is asked for.
export function parametersOf(query: GraphQuery, scope: string) {
  const { function: name, roles, shown, unfolded, hidden, only, items, drawsPlumbing: plumbing } = query;
  return { scope, function: name, role: roles, show: shown, unfold: unfolded, hide: hidden, only, items, plumbing };
}

export function fetchSubgraph(query: GraphQuery, scope: string): Promise<GraphPicture> {
  const key = JSON.stringify([query, scope]);
  let asked = pictures.get(key);
  if (!asked) {
    asked = api.graph(query.model, parametersOf(query, scope));
    asked.catch(() => pictures.delete(key)); // a refusal is asked again, not kept
    pictures.set(key, asked);
    const [oldest] = pictures.keys();
    if (pictures.size > KEPT && oldest !== undefined) pictures.delete(oldest);
  }
  return asked;
}

interface Opened {
  picture: GraphPicture;
  depth: number;
  inside: Map<string, Opened>; // by the id of the item
}

// Asks for the root and for every opened scope that can be seen; level by level, each level at once.
async function openedFrom(
  opened: string[],
  root: string,
  ask: (scope: string) => Promise<GraphPicture>,
): Promise<Opened[]> {
  const wanted = new Set(opened);
  const outermost: Opened = { picture: await ask(root), depth: 0, inside: new Map() };
  const all = [outermost];
  for (let level = [outermost]; level.length;) {
    const next = level.flatMap((one) =>
      one.picture.items
        .filter((item) => item.can_open && item.hidden_by === null && wanted.has(item.path))
        .map((item) => ({ one, item })),
    );
    level = await Promise.all(
      next.map(async ({ one, item }) => {
        const found: Opened = { picture: await ask(item.path), depth: one.depth + 1, inside: new Map() };
        one.inside.set(item.id, found);
        return found;
      }),
    );
    all.push(...level);
  }
  return all;
}

export interface DrawSteps {
  ask: (scope: string) => Promise<GraphPicture>;
  arrange: (made: Plan, stop: AbortSignal) => Promise<Placed>;
}

export async function draw(
  opened: string[],
  options: PlanOptions,
  { ask, arrange }: DrawSteps,
  stop: AbortSignal,
  root = "",
): Promise<Drawing> {
  const all = await openedFrom(opened, root, ask);
  const layouts = new Map<Opened, Placed>();
  // Innermost first: an opened box must know its size before the scope around it is laid out.
  for (const one of [...all].reverse()) {
    const boxes = new Map<string, Box>([...one.inside].map(([id, inside]) => [id, layouts.get(inside)!]));
    layouts.set(one, await arrange(plan(one.picture, boxes, options), stop));
  }
  return together(all, layouts, options.isSideways);
}

function together(all: Opened[], layouts: Map<Opened, Placed>, isSideways: boolean): Drawing {
  const root = layouts.get(all[0]!)!;
  const drawing: Drawing = {
    items: [],
    links: [],
    gates: [],
    turns: [],
    auxiliary: [],
    subgraphs: all.map((one) => one.picture),
    isSideways,
    width: root.width,
    height: root.height,
  };
  const origin = new Map<Opened, Point>([[all[0]!, { x: 0, y: 0 }]]);
  for (const one of all) {
    const [layout, from, { picture, depth }] = [layouts.get(one)!, origin.get(one)!, one];
    for (const item of picture.items) {
      const at = layout.at.get(itemNode(item.id));
      if (!at) {
        drawing.auxiliary.push({ scope: picture.scope, item });
        continue;
      }
      const inside = one.inside.get(item.id);
      const size = layout.sizes.get(itemNode(item.id))!;
      const where = { x: from.x + at.x, y: from.y + at.y };
      if (inside) origin.set(inside, where);
      drawing.items.push({
        key: `${picture.scope}\n${item.id}`,
        scope: picture.scope,
        item,
        ...where,
        width: size.width,
        height: size.height,
        depth,
        isOpen: !!inside,
        references: layout.referencesOf.get(item.id) ?? [],
      });
    }
    for (const gate of layout.gates) {
      const at = layout.at.get(gateNode(gate.side, gate.id))!;
      drawing.gates.push({
        key: `${picture.scope}\n${gate.side} ${gate.id}`,
        scope: picture.scope,
        gate,
        x: from.x + at.x,
        y: from.y + at.y,
        depth,
      });
    }
    layout.turns.forEach((turn, index) =>
      drawing.turns.push({
        ...turn,
        key: `${picture.scope}\n${index}`,
        scope: picture.scope,
        x: from.x + turn.x,
        y: from.y + turn.y,
        depth,
      }),
    );
    drawing.links.push(...linksOf(one, layout, from));
  }
  return drawing;
}

function linksOf({ picture, depth }: Opened, layout: Placed, from: Point): DrawnLink[] {
  const id = (index: number) => nodeAt(picture, index).id;
  const found: DrawnLink[] = [];
  for (const link of picture.links) {
    const [source, target] = [id(link.source), id(link.target)];
    const route = layout.routes.get(lineId(source, target));
    if (!route) continue; // an end of it is hidden
    const moved = (point: Point) => ({ x: from.x + point.x, y: from.y + point.y });
    found.push({
      key: `${picture.scope}\n${lineId(source, target)}`,
      scope: picture.scope,
      source,
      target,
      link,
      pieces: route.pieces.map((points) => points.map(moved)),
      label: route.label && moved(route.label),
      kind: route.kind,
      depth,
    });
  }
  return found;
}
