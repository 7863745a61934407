// An answer that belongs to what is shown: asked for again when its question changes, kept on screen meanwhile.

import { useEffect, useRef, useState } from "preact/hooks";
import { back, current, said } from "../app/state";

export interface Asked<Answer> {
  answer: Answer | undefined;
  error: string;
  isWaiting: boolean;
}

export function useAsked<Answer>(question: string | null, ask: () => Promise<Answer>): Asked<Answer> {
  const [state, setState] = useState<Asked<Answer>>({ answer: undefined, error: "", isWaiting: true });
  const latest = useRef(ask);
  latest.current = ask;
  const revision = `${current.value?.revision ?? 0} ${back.value}`; // an import that is done may have changed the answer
  useEffect(() => {
    if (question === null) {
      setState({ answer: undefined, error: "", isWaiting: false });
      return;
    }
    let isStale = false;
    setState((before) => ({ ...before, isWaiting: true }));
    latest.current().then(
      (answer) => isStale || setState({ answer, error: "", isWaiting: false }),
      (error) => isStale || setState({ answer: undefined, error: said(error), isWaiting: false }),
    );
    return () => {
      isStale = true;
    };
  }, [question, revision]);
  return state;
}
