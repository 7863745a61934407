// What the parts of the inspector are made of: titled lists of facts, names that lead on, long lists.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { count, printable } from "../../lib/format";
import { Segments } from "../../lib/path";
import { route, navigate } from "../../app/route";

export function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="part">
      <h3>{title}</h3>
      <dl>{children}</dl>
    </section>
  );
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  if (
    children === "" ||
    children === false ||
    children === null ||
    children === undefined ||
    (Array.isArray(children) && !children.length)
  )
    return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

// A name that leads on; what lies in the scope that is shown goes by the rest of its name.
export function Name({ name, under = "", label = name }: { name: string; under?: string; label?: string }) {
  const text = printable(under && label.startsWith(`${under}/`) ? label.slice(under.length + 1) : label);
  return (
    <button
      class="link mono"
      title={name}
      onClick={() => navigate({ selected: name, selectedIn: route.value.selectedIn })}
    >
      <Segments text={text} />
    </button>
  );
}

export const FIRST = 12; // of a list, until more are asked for

// A list of which the first are shown, and the others when they are asked for; what the server left out is counted.
export function Listed<Item>({
  items,
  show,
  total = items.length,
  kind = "",
}: {
  items: readonly Item[];
  show: (item: Item) => ComponentChildren;
  total?: number;
  kind?: string;
}) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole || items.length <= FIRST + 2 ? items : items.slice(0, FIRST);
  const rest = total - shown.length;
  return (
    <ul class={`listed ${kind}`}>
      {shown.map((item, index) => (
        <li key={index}>{show(item)}</li>
      ))}
      {rest > 0 && (
        <li>
          {shown.length < items.length ? (
            <button class="link" onClick={() => setWhole(true)}>
              … {count(rest)} more
            </button>
          ) : (
            <span class="quiet">… {count(rest)} more</span>
          )}
        </li>
      )}
    </ul>
  );
}
