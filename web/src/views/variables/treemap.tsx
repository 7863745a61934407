// Parameters by variable scope, as areas.

import { hierarchy, treemap, treemapSquarify } from "d3-hierarchy";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, cut, leaf, printable } from "../../lib/format";
import { SavePicture } from "../../lib/save_picture";
import { route, navigate } from "../../app/route";
import type { TableLine } from "../../lib/schema";

const LEVELS = ["level 1", "2", "3", "4"]; // of the tree: deeper ones begin with the first color again

interface Branch {
  path: string;
  children?: Branch[];
  size?: number;
}

function branches(rows: TableLine[]): Branch {
  const root: Branch = { path: "", children: [] };
  const scopes = new Map<string, Branch>([["", root]]);
  for (const row of rows) {
    let above = root;
    const segments = row.name.split("/");
    for (let end = 1; end < segments.length; end += 1) {
      const path = segments.slice(0, end).join("/");
      let scope = scopes.get(path);
      if (!scope) {
        scope = { path, children: [] };
        scopes.set(path, scope);
        above.children!.push(scope);
      }
      above = scope;
    }
    above.children!.push({ path: row.name, size: row.parameters ?? 0 });
  }
  return root;
}

interface Props {
  rows: TableLine[];
  total: number;
  onEnter: (scope: string) => void; // look at what is in one scope alone
}

export function Treemap({ rows, total, onEnter }: Props) {
  const [{ width, height }, setRoom] = useState({ width: 700, height: 180 });
  const frame = useRef<HTMLDivElement>(null);
  const drawn = useRef<SVGSVGElement>(null);
  useEffect(() => {
    if (!frame.current) return;
    const observer = new ResizeObserver(
      ([entry]) =>
        entry &&
        setRoom({
          width: Math.max(200, Math.floor(entry.contentRect.width)),
          height: Math.max(100, Math.floor(entry.contentRect.height)),
        }),
    );
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  const cells = useMemo(() => {
    const root = hierarchy(branches(rows))
      .sum((branch) => branch.size ?? 0)
      .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
    return treemap<Branch>()
      .size([width, height])
      .tile(treemapSquarify)
      .paddingOuter(2)
      .paddingTop((node) => (node.depth ? 15 : 0))
      .paddingInner(1)(root)
      .descendants();
  }, [rows, width, height]);
  return (
    <figure class="treemap">
      <figcaption class="quiet">
        <span class="grow">
          parameters by variable scope
          {total > rows.length ? `: the ${count(rows.length)} largest of ${count(total)}` : ""}
        </span>
        <span class="legend">
          {LEVELS.map((name, index) => (
            <span key={name}>
              <i class={`level${index + 1}`} /> {name}
            </span>
          ))}
        </span>
        <SavePicture of={() => drawn.current} name="treemap" />
      </figcaption>
      <div class="frame" ref={frame}>
        <svg ref={drawn} width={width} height={height} role="group" aria-label="treemap of parameters">
          {cells
            .filter((cell) => cell.depth > 0 && cell.x1 - cell.x0 > 1 && cell.y1 - cell.y0 > 1)
            .map((cell) => (
              <g
                key={`${cell.data.path} ${cell.depth}`}
                class={`cell level${((cell.depth - 1) % 4) + 1} ${cell.children ? "scope" : ""} ${cell.data.path === route.value.selected ? "selected" : ""}`}
                transform={`translate(${cell.x0} ${cell.y0})`}
                onClick={() => navigate({ selected: cell.data.path })}
                onDblClick={() => cell.children && onEnter(cell.data.path)}
              >
                <title>{`${printable(cell.data.path)}: ${count(cell.value ?? 0)} parameters${cell.children ? "; double-click to show only this scope" : ""}`}</title>
                <rect width={cell.x1 - cell.x0} height={cell.y1 - cell.y0} />
                {cell.x1 - cell.x0 > 30 && cell.y1 - cell.y0 > 13 && (
                  <text x="3" y="11">
                    {cut(printable(leaf(cell.data.path)), Math.floor((cell.x1 - cell.x0 - 6) / 6.2))}
                  </text>
                )}
              </g>
            ))}
        </svg>
      </div>
    </figure>
  );
}
