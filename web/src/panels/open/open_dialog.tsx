// Opening another artifact: by a path under the served folders, or by dropping files on the page.

import { useEffect, useState } from "preact/hooks";
import { isReport } from "../../lib/embedded";
import { api } from "../../lib/api";
import { useQuery } from "../../lib/use_query";
import { Dialog } from "../../lib/dialog";
import { bytes, count, printable } from "../../lib/format";
import { showModel, refreshModels } from "../../app/open_models";
import { route, navigate } from "../../app/route";
import { errorMessage } from "../../lib/api";
import type { OpenModel } from "../../lib/schema";

type Tell = (text: string) => void;

async function opened(asked: Promise<OpenModel[]>, onError: Tell, onDone: () => void): Promise<void> {
  try {
    const [first] = await asked;
    await refreshModels();
    if (first && route.value.view === "diff" && route.value.model) navigate({ other: first.id });
    else if (first) showModel(first.id);
    onDone();
  } catch (error) {
    onError(errorMessage(error));
  }
}

interface Sent {
  file: File;
  name: string; // with the folders that it was dropped in
}

// What is sent together is one artifact: the index and the data of a checkpoint, the folder of a SavedModel.
async function send(files: Sent[], onSent: Tell): Promise<OpenModel[]> {
  const group = Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join("");
  let answer: OpenModel[] = [];
  for (const [index, { file, name }] of files.entries()) {
    onSent(
      `Sending ${printable(name)}, ${bytes(file.size)}${files.length > 1 ? ` (${index + 1} of ${files.length})` : ""}…`,
    );
    answer = await api.upload(file, { name, group, left: files.length - index - 1 });
  }
  return answer;
}

function chosen(list: FileList | null): Sent[] {
  return [...(list ?? [])].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
}

export function OpenDialog({ onClose }: { onClose: () => void }) {
  const [under, setUnder] = useState("");
  const [path, setPath] = useState("");
  const [error, setError] = useState("");
  const [sending, setSending] = useState("");
  const { answer: page, error: refused } = useQuery(`places ${under}`, () => api.places(under));
  const open = (wanted: string) =>
    void opened(
      api.open(wanted).then((model) => [model]),
      setError,
      onClose,
    );
  const upload = (list: FileList | null) =>
    void opened(send(chosen(list), setSending), setError, onClose).finally(() => setSending(""));
  return (
    <Dialog name="Open" onClose={onClose}>
      <p class="quiet">
        Drop files or a folder anywhere on the page, or choose them: the index and the data of a checkpoint together.
      </p>
      <p class="choose">
        <label>
          files <input type="file" multiple onChange={(event) => upload(event.currentTarget.files)} />
        </label>
        <label>
          a folder{" "}
          <input type="file" {...{ webkitdirectory: true }} onChange={(event) => upload(event.currentTarget.files)} />
        </label>
      </p>
      {sending && <p role="status">{sending}</p>}
      {(error || refused) && (
        <p class="trouble" role="alert">
          {error || refused}
        </p>
      )}
      {page?.has_roots && (
        <form
          class="choose"
          onSubmit={(event) => {
            event.preventDefault();
            open(path);
          }}
        >
          <input
            type="text"
            class="grow mono"
            aria-label="path under a served folder"
            placeholder="path under a served folder"
            value={path}
            onInput={(event) => setPath(event.currentTarget.value)}
          />
          <button disabled={!path}>open</button>
        </form>
      )}
      {page?.folder && (
        <p>
          <button class="link" onClick={() => setUnder(page.above)}>
            ‹ {page.above ? printable(page.above) : "all folders"}
          </button>{" "}
          <span class="mono quiet">{printable(page.folder)}</span>
        </p>
      )}
      <ul class="places">
        {page?.paths.map((one) => (
          <li key={one}>
            <button class="link mono" title={one} onClick={() => (one.endsWith("/") ? setUnder(one) : open(one))}>
              {printable(page.folder ? one.slice(page.folder.length + 1) : one)}
            </button>
            {one.endsWith("/") && <button onClick={() => open(one.slice(0, -1))}>open the folder</button>}
          </li>
        ))}
        {page && page.total > page.paths.length && (
          <li class="quiet">… {count(page.total - page.paths.length)} more: write the path above</li>
        )}
        {page && !page.has_roots && (
          <li class="quiet">scopeview serve --root FOLDER lets one choose from a folder here.</li>
        )}
      </ul>
    </Dialog>
  );
}

// A folder that is dropped comes as an entry, to be walked; there is no recursion, however deep it is.
async function dropped(items: DataTransferItemList): Promise<Sent[]> {
  const waiting: FileSystemEntry[] = [];
  const found: Sent[] = [];
  for (const item of items) {
    const entry = item.webkitGetAsEntry();
    const file = entry ? null : item.getAsFile();
    if (entry) waiting.push(entry);
    else if (file) found.push({ file, name: file.name });
  }
  for (let entry = waiting.pop(); entry; entry = waiting.pop()) {
    const name = entry.fullPath.slice(1);
    if (entry.isFile)
      found.push({
        name,
        file: await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed)),
      });
    else waiting.push(...(await entriesOf(entry as FileSystemDirectoryEntry)));
  }
  return found;
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (let page = null as FileSystemEntry[] | null; page === null || page.length; found.push(...page))
    // it gives a hundred at a time
    page = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
  return found;
}

export function useDrop(onError: Tell, onSent: Tell): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    if (isReport()) return;
    const over = (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      if (!event.dataTransfer) return;
      void opened(
        dropped(event.dataTransfer.items).then((files) => send(files, onSent)),
        onError,
        () => undefined,
      ).finally(() => onSent(""));
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
