// Opening another artefact: by a path under the served folders, or by dropping a file on the page.

import { useEffect, useState } from "preact/hooks";
import { api } from "./api";
import { printable } from "./format";
import { go, refreshModels, said, SIGHT } from "./state";

async function opened(asked: Promise<{ id: string }>, onError: (text: string) => void, onDone: () => void): Promise<void> {
  try {
    const model = await asked;
    await refreshModels();
    go({ model: model.id, selected: "", openOps: [], openVariables: [], sight: SIGHT });
    onDone();
  } catch (error) {
    onError(said(error));
  }
}

export function OpenDialog({ onClose }: { onClose: () => void }) {
  const [under, setUnder] = useState("");
  const [paths, setPaths] = useState<string[]>([]);
  const [error, setError] = useState("");
  useEffect(() => {
    api.places(under).then(setPaths, (problem) => setError(said(problem)));
  }, [under]);
  const open = (path: string) => void opened(api.open(path), setError, onClose);
  return (
    <div class="cover" onClick={onClose}>
      <div class="dialog" role="dialog" aria-modal="true" aria-label="Open" onClick={(event) => event.stopPropagation()}
           onKeyDown={(event) => event.key === "Escape" && onClose()}>
        <h2>Open</h2>
        <p class="quiet">Drop a file anywhere on the page, or choose one that is served.</p>
        <label class="file">from this computer <input type="file" onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) void opened(api.upload(file), setError, onClose);
        }} /></label>
        {error && <p class="trouble">{error}</p>}
        {under && <button class="link" onClick={() => setUnder("")}>‹ back</button>}
        <ul class="places">
          {paths.map((path) => (
            <li key={path}>
              <button class="link mono" onClick={() => (path.endsWith("/") ? setUnder(path) : open(path))}>{printable(path)}</button>
              {path.endsWith("/") && <button onClick={() => open(path.slice(0, -1))}>open the folder</button>}
            </li>
          ))}
          {paths.length === 0 && <li class="quiet">nothing here; start scopeview with --root FOLDER to choose from a folder</li>}
        </ul>
        <button onClick={onClose}>close</button>
      </div>
    </div>
  );
}

export function useDrop(onError: (text: string) => void): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const over = (event: DragEvent) => (event.preventDefault(), setOver(true));
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      for (const file of event.dataTransfer?.files ?? []) void opened(api.upload(file), onError, () => undefined);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  return isOver;
}
