// An answer that belongs to what is shown: asked for again when its question changes, kept on screen meanwhile.

import { useEffect, useRef, useState } from "preact/hooks";
import { reconnects, current } from "../app/open_models";
import { errorMessage } from "./api";

export interface QueryState<Answer> {
  answer: Answer | undefined;
  error: string;
  isWaiting: boolean;
}

const MOST_KEPT = 12;
const kept = new Map<string, unknown>(); // answers of views that were left, the latest last

// Answers of a view that is named are kept, so that the way back to it needs no server; its question names all they
// depend on but the model's revision.
export function useQuery<Answer>(question: string | null, ask: () => Promise<Answer>, view = ""): QueryState<Answer> {
  const revision = `${current.value?.revision ?? 0} ${reconnects.value}`; // an import that is done may have changed the answer
  const key = view && question !== null ? `${view} ${revision} ${question}` : "";
  const [state, setState] = useState<QueryState<Answer>>(() =>
    kept.has(key) ? answered(key) : { answer: undefined, error: "", isWaiting: true },
  );
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    if (question === null) {
      setState({ answer: undefined, error: "", isWaiting: false });
      return;
    }
    if (kept.has(key)) {
      setState((before) => (before.answer === kept.get(key) && !before.isWaiting ? before : answered(key)));
      return;
    }
    let isStale = false;
    setState((before) => ({ ...before, isWaiting: true }));
    latest.current().then(
      (answer) => {
        if (key) keep(key, answer);
        if (!isStale) setState({ answer, error: "", isWaiting: false });
      },
      (error) => isStale || setState({ answer: undefined, error: errorMessage(error), isWaiting: false }),
    );
    return () => {
      isStale = true;
    };
  }, [question, revision]);
  return state;
}

function answered<Answer>(key: string): QueryState<Answer> {
  return { answer: kept.get(key) as Answer, error: "", isWaiting: false };
}

function keep(key: string, answer: unknown): void {
  kept.delete(key);
  kept.set(key, answer);
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
}
