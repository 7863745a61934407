// What is hidden, and what is looked at alone: rules that a hand made of boxes, or wrote as queries.

import { useState } from "preact/hooks";
import { changeGraphView, type GraphViewState, notice, route } from "../../app/route";
import { printable } from "../../lib/format";
import { inScope } from "../../lib/query_terms";
import type { Drawing } from "./store";

const MOST = 50; // members of a group that are hidden one by one
type Kind = "hidden" | "only";

// Hide the boxes that are selected, or show them alone.
export function applyToSelected(kind: Kind, drawing: Drawing | undefined): void {
  const { selected, graphView } = route.value;
  if (!selected) return;
  const paths = [selected, ...graphView.also].flatMap((path) => {
    const group = drawing?.items.find(({ item }) => item.path === path && item.total_members > 1);
    return group ? group.item.members : [path];
  });
  if (paths.length > MOST) {
    notice.value = `This group has more than ${MOST} members: write a query that fits them, such as name:*/dropout/*.`;
    return;
  }
  add(kind, paths.map(inScope));
}

function add(kind: Kind, queries: string[]): void {
  const { graphView } = route.value;
  const rules = [...new Set([...(kind === "only" ? [] : graphView.hidden), ...queries])];
  changeGraphView({ [kind]: rules, box: "" });
}

export function bringAllBack(): void {
  changeGraphView({ hidden: [], only: [], box: "" });
}

export const hasRules = ({ hidden, only }: GraphViewState) => hidden.length > 0 || only.length > 0;

export function RulesBar() {
  const { graphView } = route.value;
  const [text, setText] = useState("");
  const [kind, setKind] = useState<Kind>("hidden");
  if (!graphView.showsRules && !hasRules(graphView)) return null;
  return (
    <form
      class="bar rules"
      aria-label="What is hidden"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) add(kind, [text.trim()]);
        setText("");
      }}
    >
      {(["hidden", "only"] as const).flatMap((which) =>
        graphView[which].map((query) => (
          <span key={`${which} ${query}`} class="chip on">
            {which === "hidden" ? "hidden" : "only"} <span class="mono">{printable(query)}</span>{" "}
            <button
              type="button"
              class="link"
              aria-label={`take away the rule ${printable(query)}`}
              onClick={() => changeGraphView({ [which]: graphView[which].filter((one) => one !== query), box: "" })}
            >
              ×
            </button>
          </span>
        )),
      )}
      {hasRules(graphView) && (
        <button type="button" title="H" onClick={bringAllBack}>
          bring all back
        </button>
      )}
      <select
        aria-label="what to do with what fits"
        value={kind}
        onChange={(event) => setKind(event.currentTarget.value as Kind)}
      >
        <option value="hidden">hide</option>
        <option value="only">show only</option>
      </select>
      <input
        aria-label="Query of what to hide"
        placeholder="op:Const   name:*/dropout/*   role:summary"
        value={text}
        maxLength={1000}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </form>
  );
}
