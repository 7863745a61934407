// A button that copies, and says whether it did.

import { useState } from "preact/hooks";

export function Copy({ text, label = "copy" }: { text: () => string; label?: string }) {
  const [state, setState] = useState("");
  async function copy() {
    setState((await copyText(text())) ? "copied" : "not copied: the browser refuses");
    setTimeout(() => setState(""), 1500);
  }
  return <button onClick={() => void copy()}>{state || label}</button>;
}

// The clipboard is there for a secure address alone; elsewhere the way of old is left, by what is selected.
export async function copyText(text: string): Promise<boolean> {
  try {
    if (isSecureContext) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // not permitted: as below
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy"); // the only way without https
  area.remove();
  return isDone;
}
