// Where ribbons begin and end: side by side along the edge of their box, in the order of what they lead to.

export interface Band {
  left: number; // index into the nodes of the left side; -1 for what comes from nowhere
  right: number; // of the right side; -1 for what ends in the gap
  weight: number;
  kind: string; // a class of its own
  summary: string;
}

export interface Drawn {
  band: Band;
  thick: number; // px
  from: number; // px below the middle of the row at its left end
  to: number; // at its right end
}

const THIN = 1.5; // px of the thinnest ribbon
const ROOM = 15; // px of the edge of a box that its ribbons share

export function drawnBands(bands: Band[]): Drawn[] {
  const ends = { left: byEnd(bands, "left"), right: byEnd(bands, "right") };
  const most = Math.max(1, ...[...ends.left.values(), ...ends.right.values()].map(weightOf));
  const thick = (band: Band) => Math.max(THIN, (ROOM * band.weight) / most);
  const offsets = { left: new Map<Band, number>(), right: new Map<Band, number>() };
  for (const side of ["left", "right"] as const)
    for (const several of ends[side].values()) spread(several, side, thick, offsets[side]);
  return bands.map((band) => ({
    band,
    thick: thick(band),
    from: offsets.left.get(band) ?? 0,
    to: offsets.right.get(band) ?? 0,
  }));
}

const weightOf = (several: Band[]) => several.reduce((sum, { weight }) => sum + weight, 0);

function byEnd(bands: Band[], side: "left" | "right"): Map<number, Band[]> {
  const found = new Map<number, Band[]>();
  for (const band of bands) if (band[side] >= 0) found.set(band[side], [...(found.get(band[side]) ?? []), band]);
  return found;
}

// More ribbons than there is room for overlap evenly.
function spread(several: Band[], side: "left" | "right", thick: (band: Band) => number, offsets: Map<Band, number>) {
  const other = side === "left" ? "right" : "left";
  const order = [...several].sort((one, next) => one[other] - next[other]);
  const sum = order.reduce((total, band) => total + thick(band), 0);
  const scale = Math.min(1, ROOM / sum);
  let top = (-sum * scale) / 2;
  for (const band of order) {
    offsets.set(band, order.length > 1 ? top + (thick(band) * scale) / 2 : 0);
    top += thick(band) * scale;
  }
}
