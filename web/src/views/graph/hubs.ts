// Hubs: what so many boxes of a scope are linked with that lines to it would hide everything else. They are drawn as
// references at their users, as TensorBoard draws nodes of high degree.

import type { GraphLink, GraphPicture } from "../../lib/schema";
import type { Reference } from "./box";

const LEAST = 6; // boxes that a hub feeds, or is fed by
const SHARE = 0.3; // of all boxes
const LEAST_OF_VARIABLE = 5; // a variable or a placeholder is nothing but a source: fewer boxes make it a hub

// An end of a link: an item, or what stands outside.
export function nodeAt({ items, outside }: GraphPicture, index: number) {
  return index < items.length ? items[index]! : outside[index - items.length]!;
}

export interface Hubs {
  links: Set<GraphLink>; // that are references
  referencesOf: Map<string, Reference[]>; // by the id of the item that names them
}

export function hubsOf(subgraph: GraphPicture, links: GraphLink[], isOpen: (id: string) => boolean): Hubs {
  const { items } = subgraph;
  const isInside = (index: number) => index < items.length;
  const data = links.filter((link) => link.data > 0 && isInside(link.source) && isInside(link.target));
  const boxes = items.filter((item) => item.hidden_by === null).length;
  const most = Math.max(LEAST, Math.ceil(boxes * SHARE));
  const [feeds, isFed] = [countBy(data, (link) => link.source), countBy(data, (link) => link.target)];
  const isSource = (index: number) => {
    const item = items[index]!;
    const isPlain = !isFed.get(index) && (item.kind === "variable" || item.kind === "op" || item.kind === "argument");
    return (feeds.get(index) ?? 0) >= (isPlain ? Math.min(LEAST_OF_VARIABLE, most) : most);
  };
  const isTarget = (index: number) => (isFed.get(index) ?? 0) >= most;
  const found: Hubs = { links: new Set(), referencesOf: new Map() };
  const kept = mainLines(data, isSource, isTarget);
  const isRest = (index: number) => items[index]!.group === "rest";
  for (const link of data) {
    if (isRest(link.source) || isRest(link.target)) {
      found.links.add(link); // what is left over of a scope is linked with anything: no name says where
      continue;
    }
    if (kept.has(link) || link.writes === link.data) continue;
    const [fromHub, toHub] = [isSource(link.source), isTarget(link.target)];
    if (!fromHub && !toHub) continue;
    // The box at the other end names the hub; an opened box has no room for a name.
    const [user, hub] = fromHub ? [link.target, link.source] : [link.source, link.target];
    const [at, of] = [nodeAt(subgraph, user), nodeAt(subgraph, hub)];
    if (isOpen(at.id)) continue;
    found.links.add(link);
    const reference = { id: of.id, path: of.path, label: of.label, isInput: fromHub };
    found.referencesOf.set(at.id, [...(found.referencesOf.get(at.id) ?? []), reference]);
  }
  return found;
}

// The heaviest line into and out of a hub that lies on a way stays a line: the way goes on through it.
function mainLines(
  data: GraphLink[],
  isSource: (index: number) => boolean,
  isTarget: (index: number) => boolean,
): Set<GraphLink> {
  const fed = new Set(data.map((link) => link.target));
  const best = new Map<string, GraphLink>();
  for (const link of data) {
    const keys = [
      isSource(link.source) && fed.has(link.source) ? `from ${link.source}` : "",
      isTarget(link.target) ? `to ${link.target}` : "",
    ];
    for (const key of keys.filter(Boolean)) if (weight(link) > weight(best.get(key))) best.set(key, link);
  }
  return new Set(best.values());
}

const weight = (link: GraphLink | undefined) => (link ? (link.elements ?? 1) + link.data : 0);

function countBy(links: GraphLink[], end: (link: GraphLink) => number): Map<number, number> {
  const found = new Map<number, number>();
  for (const link of links) found.set(end(link), (found.get(end(link)) ?? 0) + 1);
  return found;
}
