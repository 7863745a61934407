// What a hand does to the drawing: select, open, expand a group, enter a function.

import {
  announcement,
  changeGraphView,
  enterFunction,
  functionPath,
  MOST_ITEMS,
  navigate,
  route,
  selectDrawn,
  toggled,
  toggleSelected,
} from "../../app/route";
import type { Handlers } from "./drawn";
import { idOf } from "./plan";
import type { DrawnGate, DrawnItem, DrawnLink, Drawing, DrawnTurn } from "./store";

// The box that was opened or closed, where it was: it stays under the hand when the drawing has changed.
export interface Anchor {
  key: string;
  scope: string;
  path: string;
  x: number;
  y: number;
  hasFocus: boolean;
}

const MORE = 150; // items that a scope shows more of, each time that one asks for the rest

export function handlersOf(
  svg: { current: SVGSVGElement | null },
  drawing: Drawing | undefined,
  anchor: { current: Anchor | null },
  hover: (key: string) => void,
): Handlers {
  return {
    hover,
    open: (drawn) => {
      const { key, scope, item, x, y } = drawn;
      anchor.current = { key, scope, path: item.path, x, y, hasFocus: !!svg.current?.contains(document.activeElement) };
      openItem(drawn);
    },
    pick: ({ item }: DrawnItem, isMore: boolean) => (isMore ? toggleSelected : selectDrawn)(item.path),
    pickLink: (link: DrawnLink) => changeGraphView({ link: [link.scope, link.source, link.target], trace: "" }),
    pickGate: ({ scope, gate }: DrawnGate) => {
      const subgraph = drawing?.subgraphs.find((one) => one.scope === scope);
      navigate({ selected: subgraph?.outside.find((one) => one.id === gate.id)?.path ?? "" });
    },
    pickTurn: ({ scope, other }: DrawnTurn) => {
      const subgraph = drawing?.subgraphs.find((one) => one.scope === scope);
      const found = [...(subgraph?.items ?? []), ...(subgraph?.outside ?? [])].find((one) => one.id === idOf(other));
      navigate({ selected: found?.path ?? "" });
    },
  };
}

function openItem({ item, isOpen }: DrawnItem): void {
  const { graphView, openOps } = route.value;
  if (item.group === "rest" || item.group === "run")
    changeGraphView({ items: Math.min(MOST_ITEMS, graphView.items + MORE) });
  else if (item.total_members > 1) changeGraphView({ unfolded: [...graphView.unfolded, item.path] });
  else if (item.calls[0] && !item.can_open) enterFunction(item.calls[0], functionPath(route.value));
  else if (item.can_open) {
    navigate({ openOps: toggled(openOps, item.path) }, true);
    announcement.value = `${item.label} ${isOpen ? "closed" : "open"}`;
  }
}
