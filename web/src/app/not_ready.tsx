// What stands where a model is not there: nothing open yet, still being read, which of several, or why it could not be read.

import { api } from "../lib/api";
import { bytes, printable } from "../lib/format";
import { closeModel } from "./models";
import { current, showModel, models, refreshModels } from "./open_models";
import { pageError } from "./route";
import { errorMessage } from "../lib/api";
import type { OpenModel } from "../lib/schema";

export function NotReady() {
  const model = current.value;
  if (!model) return null;
  if (model.state === "loading")
    return (
      <div class="welcome" role="status">
        <p>{printable(model.path)}</p>
        <p class="quiet">
          {printable(model.stage)}
          {model.bytes_total ? `: ${bytes(model.bytes_done)} of ${bytes(model.bytes_total)}` : "…"}
        </p>
        {model.bytes_done ? (
          <progress max={model.bytes_total} value={model.bytes_done} aria-label="bytes read" />
        ) : (
          <div class="progress" />
        )}
        <button onClick={() => void closeModel(model.id)}>Cancel</button>
      </div>
    );
  if (model.choices.length)
    return (
      <div class="welcome">
        <p class="mono">{printable(model.path)}</p>
        <p>
          It holds {model.choices.length}{" "}
          {model.choices_are_tags ? "MetaGraphs, identified by their tags" : "artifacts"}. Which one?
        </p>
        {model.choices.map((choice) => (
          <button key={choice} onClick={() => void choose(model, choice)}>
            {printable(choice) || "(no tags)"}
          </button>
        ))}
      </div>
    );
  return (
    <div class="welcome">
      <p class="trouble" role="alert">
        {printable(model.error)}
      </p>
      <p>
        <button onClick={() => void api.reload(model.id).then(refreshModels)}>try again</button>{" "}
        <button onClick={() => void closeModel(model.id)}>
          {models.value.length > 1 ? "close it, and go back" : "close it"}
        </button>
      </p>
    </div>
  );
}

// One of several things at a path takes the place of the question which.
async function choose(model: OpenModel, choice: string) {
  try {
    const found = await api.open(
      model.path,
      model.choices_are_tags ? { tags: choice.split(",").filter(Boolean) } : { artifact: choice },
    );
    await api.close(model.id);
    await refreshModels();
    showModel(found.id);
  } catch (error) {
    pageError.value = errorMessage(error);
  }
}

export function Welcome({ onOpen }: { onOpen: () => void }) {
  return (
    <div class="welcome">
      <h1>Both namespaces of a TensorFlow graph</h1>
      <p>Open a graph, a checkpoint or a SavedModel: drop a file here, or choose one.</p>
      <button onClick={onOpen}>open…</button>
    </div>
  );
}
