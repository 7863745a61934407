// What serves training, saving and the like, beside the drawing: named, counted, and brought back one by one or by role.

import { count, plural, printable } from "../format";
import { at, go, look, toggled } from "../state";
import type { GraphItem } from "../schema";
import type { Changes } from "./changes";
import type { Drawing } from "./store";

const SHOWN = 12;

interface Props {
  drawing: Drawing;
  strangers: Changes["strangers"];
}

export function Aside({ drawing, strangers }: Props) {
  const { sight, selected } = at.value;
  const roles = new Map<string, GraphItem[]>();
  for (const { item } of drawing.aside) roles.set(item.aside!, [...(roles.get(item.aside!) ?? []), item]);
  if (!roles.size && !strangers.length && !sight.roles.length && !sight.shown.length) return null;
  return (
    <aside class="aside" aria-label="Set aside">
      {strangers.length > 0 && <h3>only in the other graph</h3>}
      {strangers.map(({ scope, paths, total }) => (
        <ul key={scope} class="strangers">
          {paths.slice(0, SHOWN).map((path) => (
            <li key={path}><button class="link mono" title={path} onClick={() => go({ selected: path, selectedIn: sight.against })}>{printable(path)}</button></li>
          ))}
          {total > SHOWN && <li class="quiet">… {count(total - SHOWN)} more</li>}
        </ul>
      ))}
      <h3>set aside</h3>
      {[...roles].map(([role, items]) => (
        <section key={role}>
          <h4>
            {role} <span class="quiet">{plural(items.reduce((sum, item) => sum + item.ops, 0), "op")}</span>
            <button class="link" title={`draw all that serves ${role} in place`} onClick={() => look({ roles: [...sight.roles, role] })}>draw</button>
          </h4>
          <ul>
            {items.slice(0, SHOWN).map((item) => (
              <li key={item.id} class={selected === item.path ? "selected" : ""}>
                <button class="link mono" title={item.path} onClick={() => go({ selected: item.path })}>{printable(item.label)}</button>
                <span class="quiet">{item.total_members > 1 ? `×${count(item.total_members)}` : count(item.ops)}</span>
                <button class="link" aria-label={`draw ${printable(item.label)} in place`} title="draw in place" onClick={() => look({ shown: [...sight.shown, ...(item.total_members > 1 ? item.members : [item.path])] })}>+</button>
              </li>
            ))}
            {items.length > SHOWN && <li class="quiet">… {count(items.length - SHOWN)} more</li>}
          </ul>
        </section>
      ))}
      {sight.roles.map((role) => <button key={role} onClick={() => look({ roles: toggled(sight.roles, role) })}>set {role} aside again</button>)}
      {sight.shown.length > 0 && <button onClick={() => look({ shown: [] })}>set {plural(sight.shown.length, "path")} aside again</button>}
    </aside>
  );
}
