// Search over ops and variables, with the fields of `scopeview find`.

import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "./api";
import { useAsked } from "./asked";
import { count, plural, printable, shape } from "./format";
import { Path } from "./path";
import { at, go } from "./state";
import type { Hit } from "./schema";

export function Search() {
  const [text, setText] = useState(at.value.query);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const { model, query } = at.value;
  const asked = useAsked(model && query && isOpen ? `${model} ${query}` : null, () => api.find(model, query));
  const [hits, setHits] = useState<Hit[]>([]);
  useEffect(() => setHits(asked.answer?.hits ?? []), [asked.answer]);
  const rest = (asked.answer ? asked.answer.variables + asked.answer.ops : 0) - hits.length;
  const more = async () => {
    const page = await api.find(model, query, hits.length);
    setHits((known) => (known.length === hits.length ? [...known, ...page.hits] : known));
  };

  useEffect(() => {
    const waiting = setTimeout(() => text !== at.value.query && go({ query: text }, true), 150);
    return () => clearTimeout(waiting);
  }, [text]);
  useEffect(() => setActive(0), [query]);
  useEffect(() => document.getElementById(`hit-${active}`)?.scrollIntoView({ block: "nearest" }), [active]);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.key !== "/" || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    addEventListener("keydown", focus);
    return () => removeEventListener("keydown", focus);
  }, []);

  function pick(index: number) {
    const hit = hits[index];
    if (!hit) return;
    go({ selected: hit.function ? `${hit.function}: ${hit.name}` : hit.name });
    setOpen(false);
    input.current?.blur();
  }

  function onKey(event: KeyboardEvent) {
    if (event.key === "Escape") (setOpen(false), input.current?.blur());
    else if (event.key === "ArrowDown") {
      if (active === hits.length - 1 && rest > 0) void more();
      setActive(Math.min(hits.length - 1, active + 1));
    }
    else if (event.key === "ArrowUp") setActive(Math.max(0, active - 1));
    else if (event.key === "Enter") pick(active);
    else return;
    event.preventDefault();
  }

  return (
    <div class="search" role="search" onBlur={(event) => !event.currentTarget.contains(event.relatedTarget as Node) && setOpen(false)}>
      <input
        ref={input} type="search" value={text} placeholder="search  /   op:MatMul shared:>1" aria-label="Search ops and variables"
        role="combobox" aria-expanded={isOpen && hits.length > 0} aria-controls="hits" aria-activedescendant={hits.length ? `hit-${active}` : undefined}
        onFocus={() => setOpen(true)} onInput={(event) => (setText(event.currentTarget.value), setOpen(true))} onKeyDown={onKey}
      />
      {isOpen && query && (
        <div class="hits">
          <p class="quiet" role="status">
            {asked.error || (asked.answer ? `${plural(asked.answer.variables, "variable")}, ${plural(asked.answer.ops, "op")}` : "…")}
          </p>
          {asked.answer?.hints.map((hint) => <p key={hint} class="quiet">{printable(hint)}</p>)}
          <ul id="hits" role="listbox" aria-label="what was found">
            {hits.map((hit, index) => (
              <li
                key={`${hit.what} ${hit.function} ${hit.name}`} id={`hit-${index}`} role="option" aria-selected={index === active}
                class={index === active ? "active" : ""} onMouseDown={(event) => (event.preventDefault(), pick(index))}
              >
                <span class={`what ${hit.what}`}>{hit.what === "variable" ? "V" : "O"}</span>
                <span class="mono grow" title={hit.name}><Path text={printable(hit.function ? `${hit.function}: ${hit.name}` : hit.name)} /></span>
                <span class="quiet">{printable(hit.type)} {hit.shape_known ? shape(hit.shape) : ""}</span>
              </li>
            ))}
            {rest > 0 && <li class="more" role="option" aria-selected={false} onMouseDown={(event) => (event.preventDefault(), void more())}>… {count(rest)} more</li>}
          </ul>
        </div>
      )}
    </div>
  );
}
