// The diff as pictures: ribbons between two variable trees, and the two op trees rolled up by scope.

import { useRef, useState } from "preact/hooks";
import { api } from "../../lib/api";
import { STATUS_WORDS } from "../../lib/declared";
import { useQuery } from "../../lib/use_query";
import { count, leaf, plural, printable } from "../../lib/format";
import { SavePicture } from "../../lib/save_picture";
import { ancestors, route, navigate, toggled } from "../../app/route";
import { type Band, type SideNode, TwoTrees } from "../../lib/two_trees";
import type { Pairing } from "../../lib/pairing";
import { type End, join, type Letter, reject, take, taken } from "./edits";
import type { Sides } from "./sides";
import type { DiffEntry, DiffMap, DiffNode, DiffRibbon, GraphDiff } from "../../lib/schema";

// One list of open scopes serves both sides, so that a scope that both have opens on both.
export function Ribbons({
  a,
  b,
  sides,
  statuses,
  entries,
}: {
  a: string;
  b: string;
  sides: Sides;
  statuses: DiffEntry["status"][];
  entries: number;
}) {
  const [hasSlots, setSlots] = useState(false);
  const { openVariables: opened, edits, isEditing } = route.value;
  const frame = useRef<HTMLDivElement>(null);
  const same = !statuses.length || statuses.includes("same");
  const parameters = { left: opened, right: opened, slots: hasSlots, same, edits };
  const result = useQuery(JSON.stringify([a, b, parameters]), () => api.diffMap(a, b, parameters));
  const found = result.answer;
  if (result.error) return <p class="trouble">{result.error}</p>;
  if (!found) return null;
  const left = hasSlots || !same ? 0 : entries - found.total; // what exists for another variable, and is not drawn
  return (
    <div ref={frame}>
      <div class="bar">
        <label>
          <input type="checkbox" checked={hasSlots} onChange={(event) => setSlots(event.currentTarget.checked)} /> slots
          and averages too{left > 0 ? ` (${count(left)} more)` : ""}
        </label>
        {opened.length > 0 && <button onClick={() => navigate({ openVariables: [] }, true)}>close all scopes</button>}
        {found.total > 0 && <Legend found={found} sides={sides} />}
        <span class="grow" />
        <SavePicture of={() => frame.current?.querySelector<SVGSVGElement>("svg.map") ?? null} name="diff" />
      </div>
      {found.total === 0 && <p class="empty">No variable to draw{same ? "" : ": all are the same"}.</p>}
      {found.is_cut && (
        <p class="warning pad">Too much is open to draw it all: the rest is left out. Close some scopes.</p>
      )}
      {found.total > 0 && (
        <TwoTrees
          name={`variables of ${sides.the.a} and ${sides.the.b}, and ribbons between them`}
          headings={[`variables of ${sides.the.a}`, `variables of ${sides.the.b}`]}
          nouns={["variable", "variable"]}
          left={found.a.map((node) => sideNode(node, sides.the.a, false))}
          right={found.b.map((node) => sideNode(node, sides.the.b, true))}
          bands={[
            ...found.ribbons.flatMap(bands),
            ...ends(found.a, "left", sides.the.a),
            ...ends(found.b, "right", sides.the.b),
          ]}
          rightModel={b}
          {...(isEditing ? { pairing: pairing() } : {})}
          onOpen={(_, path) => navigate({ openVariables: toggled(opened, path) }, true)}
        />
      )}
    </div>
  );
}

function pairing(): Pairing {
  const first = taken.value;
  const end = (side: Letter, node: SideNode): End => ({ side, path: node.path, isScope: node.is_scope });
  return {
    held: first && { side: first.side === "a" ? "left" : "right", path: first.path },
    take: (side, node) => take(end(side === "left" ? "a" : "b", node)),
    join: (left, right) => join(end("a", left), end("b", right)),
    drop: (left) => (left.is_scope ? undefined : reject(left.path)),
  };
}

// What is on the screen, and nothing else.
function Legend({ found, sides }: { found: DiffMap; sides: Sides }) {
  const drawn = FATES.filter(([kind]) => found.ribbons.some((ribbon) => ribbon[kind]));
  const alone = (
    [
      ["alone_a", `only in ${sides.the.a}`, found.a],
      ["alone_b", `only in ${sides.the.b}`, found.b],
    ] as const
  ).filter(([, , nodes]) => nodes.some((node) => node.alone));
  return (
    <span class="legend">
      {[...drawn, ...alone].map(([kind, word]) => (
        <span key={kind}>
          <i class={kind} /> {word}
        </span>
      ))}
    </span>
  );
}

function sideNode(node: DiffNode, side: string, isRight: boolean): SideNode {
  const alone = node.alone ? `${node.is_scope ? `${count(node.alone)} ` : ""}only in ${side}` : "";
  const number = node.is_scope && node.alone < node.items ? count(node.items) : "";
  return {
    ...node,
    note: [alone, number].filter(Boolean).join(" · "),
    tone: node.alone === node.items && !node.is_open ? `alone ${isRight ? "of-b" : ""}` : "",
  };
}

// One ribbon for each thing that became of the variables between two boxes.
function bands(ribbon: DiffRibbon): Band[] {
  return FATES.filter(([kind]) => ribbon[kind]).map(([kind, word]) => ({
    left: ribbon.left,
    right: ribbon.right,
    weight: ribbon[kind],
    kind,
    summary: `${count(ribbon[kind])} ${word}`,
  }));
}

// What one side has alone ends in the gap.
function ends(nodes: DiffNode[], side: "left" | "right", name: string): Band[] {
  return nodes.flatMap((node, index) =>
    node.alone && !node.is_open
      ? [
          {
            left: side === "left" ? index : -1,
            right: side === "right" ? index : -1,
            weight: node.alone,
            kind: side === "left" ? "alone_a" : "alone_b",
            summary: `${count(node.alone)} only in ${name}`,
          },
        ]
      : [],
  );
}

const FATES = (["same", "renamed", "values", "shape", "dtype"] as const).map(
  (status) => [status, STATUS_WORDS[status]] as const,
);

const SHOWN = 300;

export function OpTrees({ graph }: { graph: GraphDiff }) {
  const [opened, setOpened] = useState<string[]>([]);
  const parts = [
    [graph.added, "added"],
    [graph.removed, "removed"],
    [graph.changed, "changed"],
    [graph.renamed, "renamed"],
    [graph.same, "the same"],
  ] as const;
  const paths = new Set(graph.scopes.map((scope) => scope.path));
  const inOrder = (one: string, other: string) => one.localeCompare(other, "en", { numeric: true });
  const shown = [...graph.scopes]
    .sort((one, other) => inOrder(one.path, other.path))
    .filter((scope) => ancestors(scope.path).every((path) => opened.includes(path) || !paths.has(path)));
  return (
    <details class="pad optrees" id="op-trees">
      <summary>Ops: {parts.map(([number, word]) => `${count(number)} ${word}`).join(", ")}</summary>
      {shown.length > 0 && (
        <table class="entries">
          <tbody>
            {shown.slice(0, SHOWN).map((scope) => {
              const depth = ancestors(scope.path).length;
              const hasMore = graph.scopes.some((other) => other.path.startsWith(`${scope.path}/`));
              const isOpen = opened.includes(scope.path);
              return (
                <tr key={scope.path}>
                  <td class="mono" style={{ paddingLeft: `${14 * depth}px` }}>
                    <button
                      class="link mono"
                      aria-expanded={hasMore ? isOpen : undefined}
                      title={scope.path}
                      onClick={() => {
                        if (hasMore) setOpened(toggled(opened, scope.path));
                        navigate({ selected: scope.path });
                      }}
                    >
                      {hasMore ? (isOpen ? "▾ " : "▸ ") : ""}
                      {printable(leaf(scope.path)) || "(root)"}
                    </button>
                    {scope.renamed_from && <span class="quiet"> was {printable(scope.renamed_from)}</span>}
                  </td>
                  <td class="only_b">{scope.added ? <span class="mark">+{count(scope.added)}</span> : ""}</td>
                  <td class="only_a">{scope.removed ? <span class="mark">−{count(scope.removed)}</span> : ""}</td>
                  <td class="values">{scope.changed ? <span class="mark">~{count(scope.changed)}</span> : ""}</td>
                  <td class="renamed">{scope.renamed ? <span class="mark">→{count(scope.renamed)}</span> : ""}</td>
                  <td class="quiet">{plural(scope.same, "op")} the same</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {shown.length > SHOWN && <p class="quiet">… {count(shown.length - SHOWN)} more scopes</p>}
    </details>
  );
}
