// What is hidden by role: training, saving and the like; each can be drawn, by name or by role.

import { useState } from "preact/hooks";
import { count, plural, printable } from "../../lib/format";
import { route, navigate, changeGraphView, selectDrawn, toggled } from "../../app/route";
import type { GraphPicture } from "../../lib/schema";
import type { Changes } from "./changes";
import type { Drawing } from "./store";

const SHOWN = 12;
const MORE = 50; // shown each time that one asks for more

// Links with one end that is hidden and one that is not.
function hiddenLinks({ items, outside, links }: GraphPicture): number {
  const isHidden = (index: number) => (items[index] ?? outside[index - items.length])?.hidden_by !== null;
  return links.filter((link) => isHidden(link.source) !== isHidden(link.target)).length;
}

interface Props {
  drawing: Drawing;
  changes: Changes;
  lit: Set<string> | null; // keys of the items on a trace; null if nothing is traced
}

export function AuxiliaryPanel({ drawing, changes: { onlyInOther, byKey }, lit }: Props) {
  const { graphView, selected } = route.value;
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
  const roles = new Map<string, Drawing["auxiliary"]>();
  for (const one of drawing.auxiliary.filter(({ item }) => item.hidden_by !== "rule"))
    roles.set(one.item.hidden_by!, [...(roles.get(one.item.hidden_by!) ?? []), one]);
  const links = drawing.subgraphs.reduce((sum, picture) => sum + hiddenLinks(picture), 0);
  if (!roles.size && !onlyInOther.length && !graphView.roles.length && !graphView.shown.length) return null;
  return (
    <aside class="aside" aria-label="Hidden by role">
      {onlyInOther.length > 0 && <h3>only in the other graph</h3>}
      {onlyInOther.map(({ scope, paths, total }) => (
        <ul key={scope} class="only-in-other">
          {paths.slice(0, shown(`other ${scope}`)).map((path) => (
            <li key={path}>
              <button
                class="link mono"
                title={path}
                onClick={() => navigate({ selected: path, selectedIn: graphView.against })}
              >
                {printable(path)}
              </button>
            </li>
          ))}
          {more(`other ${scope}`, paths.length)}
          {total > paths.length && <li class="quiet">{count(total - paths.length)} more in the view Diff</li>}
        </ul>
      ))}
      <h3>hidden by role</h3>
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
              title={`draw all ops of role ${role} in the graph`}
              onClick={() => changeGraphView({ roles: [...graphView.roles, role] })}
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
                <button class="link mono" title={item.path} onClick={() => selectDrawn(item.path)}>
                  {printable(item.label)}
                </button>
                {byKey.has(`${scope}\n${item.id}`) && <b>{byKey.get(`${scope}\n${item.id}`)!.summary}</b>}
                <span class="quiet">{item.total_members > 1 ? `×${count(item.total_members)}` : count(item.ops)}</span>
                <button
                  class="link"
                  aria-label={`draw ${printable(item.label)} in the graph`}
                  title="draw in the graph"
                  onClick={() =>
                    changeGraphView({
                      shown: [...graphView.shown, ...(item.total_members > 1 ? item.members : [item.path])],
                    })
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
      {graphView.roles.map((role) => (
        <button key={role} onClick={() => changeGraphView({ roles: toggled(graphView.roles, role) })}>
          hide {role} again
        </button>
      ))}
      {graphView.shown.length > 0 && (
        <button onClick={() => changeGraphView({ shown: [] })}>
          hide {plural(graphView.shown.length, "path")} again
        </button>
      )}
    </aside>
  );
}
