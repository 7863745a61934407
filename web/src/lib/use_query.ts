// An answer that belongs to what is shown: asked for again when its question changes, kept on screen meanwhile.

import { useEffect, useRef, useState } from "preact/hooks";
import { reconnects, current } from "../app/open_models";
import { errorMessage } from "./api";

export interface QueryState<Answer> {
  answer: Answer | undefined;
  error: string;
  isWaiting: boolean;
}

export function useQuery<Answer>(question: string | null, ask: () => Promise<Answer>): QueryState<Answer> {
  const [state, setState] = useState<QueryState<Answer>>({ answer: undefined, error: "", isWaiting: true });
  const latest = useRef(ask);
  latest.current = ask;
  const revision = `${current.value?.revision ?? 0} ${reconnects.value}`; // an import that is done may have changed the answer
  useEffect(() => {
    if (question === null) {
      setState({ answer: undefined, error: "", isWaiting: false });
      return;
    }
    let isStale = false;
    setState((before) => ({ ...before, isWaiting: true }));
    latest.current().then(
      (answer) => isStale || setState({ answer, error: "", isWaiting: false }),
      (error) => isStale || setState({ answer: undefined, error: errorMessage(error), isWaiting: false }),
    );
    return () => {
      isStale = true;
    };
  }, [question, revision]);
  return state;
}
