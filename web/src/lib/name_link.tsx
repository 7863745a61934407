// A name that leads to what has it, in this model or in another that is open.

import { navigate } from "../app/route";
import { printable } from "./format";
import { Segments } from "./path";

export function NameLink({ name, model = "" }: { name: string; model?: string }) {
  return (
    <button class="link mono" title={printable(name)} onClick={() => navigate({ selected: name, selectedIn: model })}>
      <Segments text={printable(name)} />
    </button>
  );
}
