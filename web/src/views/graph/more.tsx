// How the graph is drawn, where the toolbar has no room for it: direction, groups, hubs, folded ops.

import { useEffect, useRef } from "preact/hooks";
import { count } from "../../lib/format";
import { changeGraphView, route } from "../../app/route";
import type { Drawing } from "./store";

export function More({ drawing }: { drawing: Drawing | undefined }) {
  const { graphView } = route.value;
  const frame = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      if (frame.current?.open && !frame.current.contains(event.target as Node)) frame.current.open = false;
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("focusin", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("focusin", close);
    };
  }, []);
  const groups = drawing?.items.filter(({ item }) => item.group === "series").map(({ item }) => item.path) ?? [];
  const folded = drawing?.items.reduce((total, { item }) => total + item.total_plumbing, 0) ?? 0;
  const hasHubs = drawing?.links.some((link) => link.kind === "reference") || graphView.drawsHubs;
  return (
    <details
      class="more"
      ref={frame}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !frame.current?.open) return;
        event.stopPropagation();
        frame.current.open = false;
        frame.current.querySelector("summary")?.focus();
      }}
    >
      <summary>more</summary>
      <div class="choices">
        <Choice
          text="inputs left"
          title="draw the flow from left to right"
          isOn={graphView.isSideways}
          onChange={(isSideways) => changeGraphView({ isSideways, box: "" })}
        />
        {hasHubs && (
          <Choice
            text="hub edges"
            title="draw the edges of nodes that many others use"
            isOn={graphView.drawsHubs}
            onChange={(drawsHubs) => changeGraphView({ drawsHubs })}
          />
        )}
        {(folded > 0 || graphView.drawsPlumbing) && (
          <Choice
            text={folded ? `${count(folded)} folded ops` : "folded ops"}
            title="draw constants, casts, shapes and the like by themselves"
            isOn={graphView.drawsPlumbing}
            onChange={(drawsPlumbing) => changeGraphView({ drawsPlumbing })}
          />
        )}
        {groups.length > 0 && (
          <button
            title="draw every member of the groups"
            onClick={() => changeGraphView({ unfolded: [...graphView.unfolded, ...groups] })}
          >
            expand groups
          </button>
        )}
        {graphView.unfolded.length > 0 && (
          <button title="collapse the groups that were expanded" onClick={() => changeGraphView({ unfolded: [] })}>
            collapse groups
          </button>
        )}
      </div>
    </details>
  );
}

interface ChoiceProps {
  text: string;
  title: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}

function Choice({ text, title, isOn, onChange }: ChoiceProps) {
  return (
    <label title={title}>
      <input type="checkbox" checked={isOn} onChange={(event) => onChange(event.currentTarget.checked)} /> {text}
    </label>
  );
}
