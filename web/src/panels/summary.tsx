// What is open, in a line: its kind, its totals, what else lies beside it, and what TensorFlow itself makes of it.

import { useEffect } from "preact/hooks";
import { api } from "../lib/api";
import { isReport } from "../lib/embedded";
import { useQuery } from "../lib/use_query";
import { bytes, count, formatName, plural, printable } from "../lib/format";
import { current, showModel, refreshModels } from "../app/open_models";
import { route, showView, pageError } from "../app/route";
import { errorMessage } from "../lib/api";

export function Summary() {
  const { model } = route.value;
  const result = useQuery(model ? `summary ${model}` : null, () => api.summary(model));
  const found = result.answer;
  // The first question about a small graph begins its import: the list of models says so.
  useEffect(() => {
    if (found) void refreshModels();
  }, [found]);
  if (!found) return null;
  const own = found.variables - found.attached_variables;
  const facts = [
    formatName(found),
    found.tensorflow_version ? `TensorFlow ${found.tensorflow_version}` : "",
    found.ops ? plural(found.ops, "op") : "",
    found.attached_variables
      ? `${plural(found.variables, "variable")} (${count(own)} + ${count(found.attached_variables)} for training)`
      : plural(found.variables, "variable"),
    plural(found.parameters, "parameter"),
    bytes(found.size_bytes),
    found.tags.length ? `tags ${found.tags.join(", ")}` : "",
  ];
  return (
    <div class="summary">
      <span class="quiet">{facts.filter(Boolean).map(printable).join(" · ")}</span>{" "}
      {found.ops > 0 && !isReport() && <Import />}
      {found.others.length > 0 && !isReport() && (
        <label class="others quiet">
          {" · "}also here{" "}
          <select value="" onChange={(event) => void openBeside(found.path, event.currentTarget.value)}>
            <option value="">{plural(found.others.length, "artifact")}…</option>
            {found.others.map((other) => (
              <option key={other} value={other}>
                {printable(other)}
              </option>
            ))}
          </select>
        </label>
      )}
      {found.notes.map((note) => (
        <p key={note} class="warning">
          {printable(note)}
        </p>
      ))}
    </div>
  );
}

// Another of the artifacts that a folder holds.
async function openBeside(path: string, artifact: string) {
  try {
    const opened = await api.open(path, { artifact });
    await refreshModels();
    showModel(opened.id);
  } catch (error) {
    pageError.value = errorMessage(error);
  }
}

// What TensorFlow itself made of the graph: the import runs beside the page and may be asked for.
function Import() {
  const model = current.value;
  if (!model) return null;
  const ask = () => void api.import(model.id).then(refreshModels, (error: Error) => (pageError.value = error.message));
  switch (model.imported) {
    case "none":
      return (
        <button
          class="link"
          title="runs tf.compat.v1 in a process of its own: shapes of every tensor, what TensorFlow refuses"
          onClick={ask}
        >
          import through TensorFlow
        </button>
      );
    case "waiting":
      return (
        <span class="quiet" role="status">
          · TensorFlow is importing it…
        </span>
      );
    case "done":
      return <span class="quiet">· imported by TensorFlow</span>;
    case "refused":
      return (
        <button class="link warning" title={printable(model.import_error)} onClick={() => showView("lint")}>
          TensorFlow refuses it: see Lint
        </button>
      );
  }
}
