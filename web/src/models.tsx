// The models that are open, as choices of a menu.

import { printable, short } from "./format";
import { models } from "./state";

export function ModelOptions({ without = "" }: { without?: string }) {
  const names = short(models.value.map((model) => model.path));
  return (
    <>
      {models.value.map((model, index) => model.id !== without && (
        <option key={model.id} value={model.id} title={printable(model.path)}>
          {names[index]}{model.artifact ? ` [${printable(model.artifact)}]` : ""}
        </option>
      ))}
    </>
  );
}
