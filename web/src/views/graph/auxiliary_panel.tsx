// What serves training, saving and the like, beside the drawing: named, counted, and brought back one by one or by role.

import { useState } from "preact/hooks";
import { count, plural, printable } from "../../lib/format";
import { at, go, look, pick, toggled } from "../../app/state";
import type { GraphPicture } from "../../lib/schema";
import type { Changes } from "./changes";
import type { Drawing } from "./store";

const SHOWN = 12;
const MORE = 50; // shown each time that one asks for more

// Links with one end that is set aside and one that is not.
function linksAside({ items, outside, links }: GraphPicture): number {
  const isAside = (index: number) => (items[index] ?? outside[index - items.length])?.aside !== null;
  return links.filter((link) => isAside(link.source) !== isAside(link.target)).length;
}

interface Props {
  drawing: Drawing;
  changes: Changes;
  lit: Set<string> | null; // keys of the items on a trace; null if nothing is traced
}

export function Aside({ drawing, changes: { strangers, byKey }, lit }: Props) {
  const { sight, selected } = at.value;
  const [asked, setAsked] = useState<Record<string, number>>({});
  const shown = (of: string) => asked[of] ?? SHOWN;
  const more = (of: string, total: number) =>
    total > shown(of) && (
      <li>
        <button class="link" onClick={() => setAsked({ ...asked, [of]: shown(of) + MORE })}>
          … {count(total - shown(of))} more
        </button>
      </li>
    );
  const roles = new Map<string, Drawing["aside"]>();
  for (const one of drawing.aside) roles.set(one.item.aside!, [...(roles.get(one.item.aside!) ?? []), one]);
  const links = drawing.pictures.reduce((sum, picture) => sum + linksAside(picture), 0);
  if (!roles.size && !strangers.length && !sight.roles.length && !sight.shown.length) return null;
  return (
    <aside class="aside" aria-label="Set aside">
      {strangers.length > 0 && <h3>only in the other graph</h3>}
      {strangers.map(({ scope, paths, total }) => (
        <ul key={scope} class="strangers">
          {paths.slice(0, shown(`other ${scope}`)).map((path) => (
            <li key={path}>
              <button class="link mono" title={path} onClick={() => go({ selected: path, selectedIn: sight.against })}>
                {printable(path)}
              </button>
            </li>
          ))}
          {more(`other ${scope}`, paths.length)}
          {total > paths.length && <li class="quiet">{count(total - paths.length)} more in the view Diff</li>}
        </ul>
      ))}
      <h3>set aside</h3>
      {[...roles].map(([role, items]) => (
        <section key={role}>
          <h4>
            {role}{" "}
            <span class="quiet">
              {plural(
                items.reduce((sum, { item }) => sum + item.ops, 0),
                "op",
              )}
            </span>
            <button
              class="link"
              title={`draw all that serves ${role} in place`}
              onClick={() => look({ roles: [...sight.roles, role] })}
            >
              draw
            </button>
          </h4>
          <ul>
            {items.slice(0, shown(role)).map(({ scope, item }) => (
              <li
                key={`${scope}\n${item.id}`}
                class={`${selected === item.path ? "selected" : ""} ${lit && !lit.has(`${scope}\n${item.id}`) ? "faint" : ""}`}
              >
                <button class="link mono" title={item.path} onClick={() => pick(item.path)}>
                  {printable(item.label)}
                </button>
                {byKey.has(`${scope}\n${item.id}`) && <b>{byKey.get(`${scope}\n${item.id}`)!.told}</b>}
                <span class="quiet">{item.total_members > 1 ? `×${count(item.total_members)}` : count(item.ops)}</span>
                <button
                  class="link"
                  aria-label={`draw ${printable(item.label)} in place`}
                  title="draw in place"
                  onClick={() =>
                    look({ shown: [...sight.shown, ...(item.total_members > 1 ? item.members : [item.path])] })
                  }
                >
                  +
                </button>
              </li>
            ))}
            {more(role, items.length)}
          </ul>
        </section>
      ))}
      {links > 0 && <p class="quiet">{plural(links, "link")} between these and what is drawn</p>}
      {sight.roles.map((role) => (
        <button key={role} onClick={() => look({ roles: toggled(sight.roles, role) })}>
          set {role} aside again
        </button>
      ))}
      {sight.shown.length > 0 && (
        <button onClick={() => look({ shown: [] })}>set {plural(sight.shown.length, "path")} aside again</button>
      )}
    </aside>
  );
}
