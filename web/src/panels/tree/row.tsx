// One row of a tree: a name, how much stands below it, and what is said of it.

import { bytes, count, parent, plural, printable, shape, shortCount } from "../../lib/format";
import { route } from "../../app/route";
import type { FindingCount, FindingsByScope, TreeRow } from "../../lib/schema";
import type { TreeCosts } from "./costs";
import { type Entry, isMore, type Line, standsFor } from "./lines";
import type { Kind } from "./pages";

export const ROW = 26;

export const NOTHING: FindingCount = { errors: 0, warnings: 0, first: "" };

// What stands at a row, its twins together; the first message is that of the gravest.
export function foundIn(findings: Map<string, FindingsByScope["children"]>, { row }: Line): FindingCount {
  const among = findings.get(parent(row.path)) ?? {};
  let sum = NOTHING;
  for (const path of row.members.length ? row.members : [row.path]) {
    const one = among[path];
    if (one)
      sum = {
        errors: sum.errors + one.errors,
        warnings: sum.warnings + one.warnings,
        first: sum.errors || !one.errors ? sum.first || one.first : one.first,
      };
  }
  return sum;
}

interface RowProps {
  entry: Entry;
  findings: FindingCount;
  id: string;
  kind: Kind;
  top: number;
  isActive: boolean;
  largest: number;
  costs: TreeCosts | null;
  onOpen: () => void;
  onPick: (twice: boolean) => void;
  onUnfold: () => void;
}

export function Row({ entry, findings, id, kind, top, isActive, largest, costs, onOpen, onPick, onUnfold }: RowProps) {
  const place = { top: `${top}px`, paddingLeft: `${8 + 14 * entry.depth}px` };
  if (isMore(entry))
    return (
      <div
        class={`row more ${isActive ? "active" : ""}`}
        id={id}
        role="treeitem"
        style={place}
        onClick={() => onPick(false)}
      >
        {plural(entry.total - entry.shown, "more row")}: show them
      </div>
    );
  const { row, isOpen } = entry;
  const isSelected = standsFor(row, route.value.selected);
  const { size } = row;
  const cost = costs?.of(row) ?? null;
  return (
    <div
      class={`row ${isActive ? "active" : ""} ${isSelected ? "selected" : ""} ${row.role && row.role !== "forward" ? "apart" : ""}`}
      id={id}
      role="treeitem"
      aria-level={entry.depth + 1}
      aria-setsize={entry.of}
      aria-posinset={entry.position}
      aria-selected={isSelected}
      aria-expanded={row.is_scope ? isOpen : undefined}
      style={place}
      title={row.path}
      onClick={() => onPick(false)}
      onDblClick={() => onPick(true)}
    >
      {row.is_scope ? (
        <span
          class={`twist ${isOpen ? "open" : ""}`}
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            onOpen();
          }}
        >
          ›
        </span>
      ) : (
        <span class="twist" />
      )}
      <Label text={printable(row.label)} isScope={row.is_scope} />
      {row.members.length > 0 && (
        <button
          class="badge twin"
          tabIndex={-1}
          title="expand group (+)"
          onClick={(event) => {
            event.stopPropagation();
            onUnfold();
          }}
        >
          {row.members.length}×
        </button>
      )}
      {row.uses > 1 && (
        <span class="badge shared" title={`shared: used at ${row.uses} call sites`}>
          shared {row.uses}
        </span>
      )}
      {findings.first && (
        <span
          class={`badge finding ${findings.errors ? "error" : "warning"}`}
          title={`${findingCounts(findings)}: ${printable(findings.first)}`}
        >
          ! {findings.errors + findings.warnings}
        </span>
      )}
      <span class="extras">
        {row.shared > 0 && (
          <span
            class="badge shared"
            title={`${kind === "ops" ? "uses" : "holds"} ${plural(row.shared, "shared variable")}`}
          >
            {count(row.shared)} shared
          </span>
        )}
        {collections(row) && (
          <span class="badge device" title={`in ${row.collections.map(printable).join(", ")}`}>
            {collections(row)}
          </span>
        )}
        {row.device && (
          <span class="badge device" title={row.device}>
            {row.device.replace(/^.*\/(device:)?/i, "")}
          </span>
        )}
        {row.slots > 0 && (
          <span class="badge" title="slots and averages">
            +{row.slots}
          </span>
        )}
      </span>
      {row.has_shape && <span class="quiet mono">{shape(row.shape)}</span>}
      {kind === "ops" && row.type && <span class="quiet kind">{row.type}</span>}
      {costs && cost !== null && (
        <span class="size" title={`${costs.text(cost)} ${costs.heading}`}>
          <i style={{ width: `${Math.max(1, (26 * cost) / largest)}px` }} />
          {costs.text(cost)}
        </span>
      )}
      {!costs && (row.is_scope || kind === "variables") && (
        <span
          class="size"
          title={
            kind === "ops" ? plural(size, "op") : `${plural(size, "parameter")}, about ${bytes(4 * size)} as float32`
          }
        >
          <i style={{ width: `${Math.max(1, (26 * size) / largest)}px` }} />
          {size < 1e6 ? count(size) : shortCount(size)}
        </span>
      )}
    </div>
  );
}

const TAIL = 6; // letters at the end of a label, which tell twins apart

function Label({ text, isScope }: { text: string; isScope: boolean }) {
  const letters = Array.from(text);
  const cut = letters.length > 2 * TAIL + 4 ? letters.length - TAIL : letters.length;
  return (
    <span class={`name ${isScope ? "scope" : ""}`}>
      <span class="head">{letters.slice(0, cut).join("")}</span>
      {cut < letters.length && <span class="tail">{letters.slice(cut).join("")}</span>}
    </span>
  );
}

function findingCounts({ errors, warnings }: FindingCount): string {
  return [errors ? plural(errors, "error") : "", warnings ? plural(warnings, "warning") : ""]
    .filter(Boolean)
    .join(", ");
}

// The two collections that every variable is in by default say nothing alone; others are named, or counted.
function collections(row: TreeRow): string {
  const others = row.collections.filter((name) => !["variables", "trainable_variables"].includes(name));
  if (others.length === 1) return printable(others[0]!);
  if (others.length) return `${others.length} collections`;
  return row.trainable === false ? "not trained" : "";
}
