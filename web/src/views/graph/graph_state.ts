// What the graph view shows, as a reducer with named states. An answer to an earlier question changes nothing.

import type { Drawing } from "./store";

export type GraphState =
  | { name: "loading"; key: string; drawing?: undefined; error: "" } // nothing is drawn yet
  | { name: "ready"; key: string; drawing: Drawing; error: "" } // what was asked for is drawn
  | { name: "updating"; key: string; drawing: Drawing; error: "" } // an earlier drawing is shown until the next is there
  | { name: "failed"; key: string; drawing: Drawing | undefined; error: string };

export type GraphEvent =
  | { type: "requested"; key: string }
  | { type: "drawn"; key: string; drawing: Drawing }
  | { type: "failed"; key: string; error: string };

export const NOTHING_DRAWN: GraphState = { name: "loading", key: "", error: "" };

export function graphReducer(state: GraphState, event: GraphEvent): GraphState {
  if (event.type === "requested") {
    if (event.key === state.key && state.name !== "failed") return state;
    return state.drawing
      ? { name: "updating", key: event.key, drawing: state.drawing, error: "" }
      : { name: "loading", key: event.key, error: "" };
  }
  if (event.key !== state.key) return state; // it is too late
  return event.type === "drawn"
    ? { name: "ready", key: event.key, drawing: event.drawing, error: "" }
    : { name: "failed", key: event.key, drawing: state.drawing, error: event.error };
}
