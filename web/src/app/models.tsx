// The models that are open: as choices of a menu, and how one is closed.

import { api } from "../lib/api";
import { cut, printable, short } from "../lib/format";
import { showModel, models } from "./open_models";
import { pageError } from "./route";
import { errorMessage } from "../lib/api";

const LETTERS = 46; // of a name in a menu; the end of it says which file it is

export function ModelOptions({
  without = "",
  only = () => true,
}: {
  without?: string;
  only?: (model: (typeof models.value)[number]) => boolean;
}) {
  const names = short(models.value.map((model) => model.path));
  return (
    <>
      {models.value.map(
        (model, index) =>
          model.id !== without &&
          only(model) && (
            <option key={model.id} value={model.id} title={printable(model.path)}>
              {cut(names[index]!, LETTERS)}
              {model.artifact ? ` [${printable(model.artifact)}]` : ""}
              {model.tags.length ? ` [${printable(model.tags.join(", "))}]` : ""}
              {model.state === "failed"
                ? model.choices.length
                  ? " (choose…)"
                  : " (not opened)"
                : model.state === "loading"
                  ? " …"
                  : ""}
            </option>
          ),
      )}
    </>
  );
}

export async function closeModel(id: string) {
  const next =
    models.value.find((model) => model.id !== id && model.state === "ready") ??
    models.value.find((model) => model.id !== id);
  try {
    if (next) showModel(next.id); // nothing is asked any more about the one that goes
    models.value = await api.close(id);
    if (!next) showModel("");
  } catch (error) {
    pageError.value = errorMessage(error);
  }
}
