// The map: variables on the left, the op scopes that read or write them on the right, ribbons as wide as the reads.

import { useEffect, useRef } from "preact/hooks";
import { api } from "../../lib/api";
import { ROLES } from "../../lib/declared";
import { isReport } from "../../lib/embedded";
import { useQuery } from "../../lib/use_query";
import { codeLine, count, cut, plural, printable } from "../../lib/format";
import { SavePicture } from "../../lib/save_picture";
import { current } from "../../app/open_models";
import { route, navigate, toggled, union } from "../../app/route";
import { type Band, type SideNode, TwoTrees } from "../../lib/two_trees";
import type { MapNode, Ribbon } from "../../lib/schema";

const CHOICES = [...ROLES, "all"] as const;
const KINDS = [
  ["read", "one call site"],
  ["shared", "several"],
  ["write", "written"],
] as const;

interface Filter {
  role: string;
  isShared: boolean;
  collection: string;
}

export function readFilter(text: string): Filter {
  const words = text.split(" ");
  const after = (head: string) => words.find((word) => word.startsWith(head))?.slice(head.length);
  return {
    role: after("role:") ?? "forward",
    isShared: words.includes("shared"),
    collection: decoded(after("in:") ?? ""),
  };
}

// A collection may be called anything, and words of the filter end at a space.
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return ""; // written by hand
  }
}

export function writeFilter(filter: Filter): string {
  const words = [
    filter.role !== "forward" ? `role:${filter.role}` : "",
    filter.isShared ? "shared" : "",
    filter.collection ? `in:${encodeURIComponent(filter.collection)}` : "",
  ];
  return words.filter(Boolean).join(" ");
}

const opened = new Set<string>(); // models whose map has been opened at first

// With nothing open, the map opens as far as it takes to see who shares what.
function useOpening(): void {
  const { model, openVariables } = route.value;
  useEffect(() => {
    if (!model || opened.has(model) || openVariables.length) return;
    opened.add(model);
    api.mapOpening(model).then(
      ({ variables, ops }) => {
        const { openOps, view } = route.value;
        if (route.value.model !== model || view !== "map" || route.value.openVariables.length) return;
        if (variables.length + ops.length)
          navigate({ openVariables: variables, openOps: isReport() ? ops : union(openOps, ops) }, true);
      },
      () => undefined, // the map itself says what is wrong
    );
  }, [model]);
}

export function ScopeMapView() {
  useOpening();
  const { model, openVariables, openOps, filter: text } = route.value;
  const filter = readFilter(text);
  const parameters = {
    left: openVariables,
    right: openOps,
    role: filter.role,
    shared: filter.isShared,
    collection: filter.collection,
  };
  const result = useQuery(model ? JSON.stringify([model, parameters]) : null, () => api.map(model, parameters), "map");
  const groups = useQuery(model || null, () => api.collections(model), "collections");
  const frame = useRef<HTMLElement>(null);
  const set = (change: Partial<Filter>) => navigate({ filter: writeFilter({ ...filter, ...change }) });
  const found = result.answer;
  return (
    <section class="view" aria-label="Map" ref={frame}>
      <div class="bar">
        <label>
          accesses{" "}
          <select value={filter.role} onChange={(event) => set({ role: event.currentTarget.value })}>
            {CHOICES.map((role) => (
              <option key={role} value={role}>
                {role === "all" ? "of all roles" : role}
              </option>
            ))}
          </select>
        </label>
        <label>
          <input
            type="checkbox"
            checked={filter.isShared}
            onChange={(event) => set({ isShared: event.currentTarget.checked })}
          />
          shared only
        </label>
        {!!groups.answer?.collections.length && (
          <label>
            in{" "}
            <select value={filter.collection} onChange={(event) => set({ collection: event.currentTarget.value })}>
              <option value="">any collection</option>
              {groups.answer.collections.map(({ collection }) => (
                <option key={collection.name} value={collection.name}>
                  {printable(collection.name)}
                </option>
              ))}
            </select>
          </label>
        )}
        {(openVariables.length > 0 || openOps.length > 0) && (
          <button onClick={() => navigate({ openVariables: [], openOps: [] })}>close all scopes</button>
        )}
        <span class="legend">
          {KINDS.map(([kind, word]) => (
            <span key={kind}>
              <i class={kind} /> {word}
            </span>
          ))}
        </span>
        <span class="grow" />
        <SavePicture of={() => frame.current?.querySelector<SVGSVGElement>("svg.map") ?? null} name="map" />
      </div>
      {result.error && <p class="trouble">{result.error}</p>}
      {found && found.total_accesses === 0 && (
        <p class="empty">
          {filter.role === "forward" && !filter.isShared && !filter.collection
            ? !current.value?.ops
              ? "A checkpoint has no graph: open the .meta or .pb that it belongs to."
              : "No op of the computation reads a variable here; other accesses are in the menu above."
            : "Nothing fits this filter."}
        </p>
      )}
      {found && found.total_accesses > 0 && (
        <div class="scroll">
          {found.is_cut && (
            <p class="warning pad">
              There is too much to draw it all:{" "}
              {openVariables.length + openOps.length
                ? "close some scopes, or choose less above"
                : "choose less above: shared only, or one collection"}
              .
            </p>
          )}
          <TwoTrees
            name="variables, op scopes and their ribbons"
            headings={[
              plural(found.total_variables, "variable"),
              `op scopes that use them, ${plural(found.total_accesses, "access", "accesses")}`,
            ]}
            nouns={["variable", "op"]}
            left={sideNodes(found.variables)}
            right={sideNodes(found.ops)}
            bands={bands(found.ribbons)}
            onOpen={(side, path) =>
              navigate(
                side === "left" ? { openVariables: toggled(openVariables, path) } : { openOps: toggled(openOps, path) },
                true,
              )
            }
          />
        </div>
      )}
    </section>
  );
}

// Of the lines of code that made a thing, the innermost that not everything on its side has: a layer's own line says little.
function sideNodes(nodes: MapNode[]): SideNode[] {
  const stacks = nodes.map(({ code }) => code.map(codeLine)).filter((lines) => lines.length);
  const common = new Set(stacks[0]?.filter((line) => stacks.every((lines) => lines.includes(line))));
  return nodes.map((node) => {
    const note = node.uses > 1 ? `shared ${node.uses}` : node.is_scope ? count(node.items) : "";
    const chosen = node.code.find((one) => !common.has(codeLine(one))) ?? node.code[0];
    const line = chosen ? `${cut(printable(chosen.file.split("/").pop()!), 16)}:${chosen.line}` : "";
    const about = node.code.map(codeLine).join("\ncalled at ");
    return { ...node, note: [line, note].filter(Boolean).join(" · "), about, tone: "" };
  });
}

// A ribbon is green as far as what it stands for is shared.
function bands(ribbons: Ribbon[]): Band[] {
  return ribbons.flatMap(({ left, right, reads, writes, shared }) =>
    [
      { kind: "shared", weight: shared, summary: `${plural(shared, "read")} of what is used at several call sites` },
      { kind: "read", weight: reads - shared, summary: plural(reads - shared, "read") },
      { kind: "write", weight: writes, summary: plural(writes, "write") },
    ]
      .filter(({ weight }) => weight > 0)
      .map((band) => ({ left, right, ...band })),
  );
}
