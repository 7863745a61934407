// The first picture of a model: as much of it as can be read on this canvas.
//
// The server says which scopes hold most of the computation; layout says whether what is drawn of them can be read.
// A root with too many boxes is folded further until it fits; then scopes are opened, heaviest first, while it does. Where
// one scope holds most of the computation and does not fit, the root is folded further for its sake.

import type { Opening } from "../../lib/schema";
import type { Drawing } from "./store";

const ITEMS = [60, 40, 30, 22, 16, 12, 10]; // of one scope, the most that is tried first
const MOST_BOXES = 48; // more is no first picture, however large the screen
const LEAST_INSIDE = 2; // boxes: a scope with one box in it says no more when it is open
const MOST_MISSES = 3; // scopes that do not fit, until no other is tried

export interface FirstPicture {
  openOps: string[];
  items: number;
  unfolded: string[];
}

export async function chooseFirstPicture(
  opening: Promise<Opening>,
  draw: (openOps: string[], items: number, unfolded: string[]) => Promise<Drawing>,
  isLegible: (drawing: Drawing) => boolean,
): Promise<FirstPicture> {
  const fits = (drawing: Drawing) => drawing.items.length <= MOST_BOXES && isLegible(drawing);
  let items = ITEMS[0]!;
  let drawing = await draw([], items, []);
  for (const fewer of ITEMS.slice(1)) {
    if (fits(drawing)) break;
    if (fewer >= drawing.items.length) continue; // nothing would change
    items = fewer;
    drawing = await draw([], items, []);
  }
  const { scopes, unfolded: groups } = await opening;
  let unfolded: string[] = [];
  if (groups.length) {
    const apart = await draw([], items, groups);
    if (fits(apart)) [drawing, unfolded] = [apart, groups];
  }
  const openOps: string[] = [];
  const heaviest = scopes[0];
  if (heaviest !== undefined && holdsMost(drawing, heaviest) && !fits(await draw([heaviest], items, unfolded))) {
    const folded = await foldedFor(heaviest, drawing.items.length, (fewer) => draw([heaviest], fewer, unfolded), fits);
    if (folded) {
      ({ drawing, items } = folded);
      openOps.push(heaviest);
    }
  }
  let misses = 0;
  for (const scope of scopes) {
    if (misses === MOST_MISSES) break;
    if (!drawing.items.some(({ item, isOpen }) => !isOpen && item.can_open && item.path === scope)) continue;
    const next = await draw([...openOps, scope], items, unfolded);
    if (fits(next)) {
      openOps.push(scope);
      drawing = next;
    } else misses += 1;
  }
  return { openOps, items, unfolded };
}

// The picture in which a scope is open and the rest folded until it fits; null if none fits, or opening says no more.
async function foldedFor(
  scope: string,
  boxes: number,
  draw: (items: number) => Promise<Drawing>,
  fits: (drawing: Drawing) => boolean,
): Promise<{ drawing: Drawing; items: number } | null> {
  for (const items of ITEMS.filter((one) => one < boxes)) {
    const drawing = await draw(items);
    if (drawing.items.filter(({ item }) => item.path.startsWith(`${scope}/`)).length < LEAST_INSIDE) return null;
    if (fits(drawing)) return { drawing, items };
  }
  return null;
}

// Whether a closed scope holds more than all else that is drawn.
function holdsMost({ items }: Drawing, scope: string): boolean {
  const drawn = items.filter(({ isOpen }) => !isOpen).map(({ item }) => item);
  const own = drawn.find((item) => item.path === scope && item.can_open);
  return own !== undefined && 2 * own.ops > drawn.reduce((sum, { ops }) => sum + ops, 0);
}
