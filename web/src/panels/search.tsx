// Search over ops and variables, with the fields of `scopeview find`.

import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../lib/api";
import { useQuery } from "../lib/use_query";
import { count, plural, printable, shape } from "../lib/format";
import { Path } from "../lib/path";
import { route, navigate } from "../app/route";
import type { Hit } from "../lib/schema";

const SCOPES = 8; // that are shown before variables and ops

interface Scope {
  what: "scope";
  name: string;
}

// What is in the body of a function is called as the command line calls it.
const full = (hit: Hit | Scope) => (hit.what !== "scope" && hit.function ? `${hit.function}: ${hit.name}` : hit.name);

export function Search() {
  const [text, setText] = useState(route.value.query);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const [isGoing, setGoing] = useState(false); // Enter was pressed before there was an answer
  const input = useRef<HTMLInputElement>(null);
  const { model, query } = route.value;
  const result = useQuery(model && query && isOpen ? `${model} ${query}` : null, () => api.find(model, query));
  const [added, setAdded] = useState<{ to: unknown; hits: Hit[] }>({ to: null, hits: [] });
  const [isWide, setWide] = useState(""); // the query of which all scopes are listed
  const scopes = (result.answer?.scopes ?? []).slice(0, isWide === query ? undefined : SCOPES);
  const restOfScopes = (result.answer?.total_scopes ?? 0) - scopes.length;
  const found = [...(result.answer?.hits ?? []), ...(added.to === result.answer ? added.hits : [])];
  const hits: (Hit | Scope)[] = [...scopes.map((name) => ({ what: "scope" as const, name })), ...found];
  const rest = (result.answer ? result.answer.variables + result.answer.ops : 0) - found.length;
  const more = async () => {
    const page = await api.find(model, query, found.length);
    setAdded((known) => ({
      to: result.answer,
      hits: [...(known.to === result.answer ? known.hits : []), ...page.hits],
    }));
  };

  useEffect(() => {
    const waiting = setTimeout(() => text !== route.value.query && navigate({ query: text }, true), 150);
    return () => clearTimeout(waiting);
  }, [text]);
  const exact = Math.max(
    0,
    hits.findIndex(({ name }) => name === query.trim()),
  ); // what is called so goes first
  useEffect(() => setActive(exact), [query, exact]);
  const isAnswered = result.answer?.query === query && !result.isWaiting;
  useEffect(() => {
    if (!isGoing || !isAnswered) return;
    setGoing(false);
    pick(exact);
  }, [isGoing, isAnswered]);
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

  function go(name: string) {
    navigate({ selected: name });
    setOpen(false);
    input.current?.blur();
  }

  function pick(index: number) {
    const name = hits[index] ? full(hits[index]) : result.answer?.near[0]; // with nothing found, what is nearest
    if (name) go(name);
  }

  function onKey(event: KeyboardEvent) {
    if (event.key === "Escape") {
      setOpen(false);
      input.current?.blur();
    } else if (event.key === "ArrowDown") {
      if (active === hits.length - 1 && rest > 0) void more();
      setActive(Math.min(hits.length - 1, active + 1));
    } else if (event.key === "ArrowUp") setActive(Math.max(0, active - 1));
    else if (event.key === "Enter") {
      if (isAnswered && text === query) pick(active);
      else {
        navigate({ query: text }, true);
        setGoing(true); // as soon as there is an answer
      }
    } else return;
    event.preventDefault();
  }

  return (
    <div
      class="search"
      role="search"
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget as Node) && setOpen(false)}
    >
      <input
        ref={input}
        type="search"
        value={text}
        placeholder="search  /   op:MatMul shared:>1"
        aria-label="Search ops and variables"
        role="combobox"
        aria-expanded={isOpen && hits.length > 0}
        aria-controls="hits"
        aria-activedescendant={hits.length ? `hit-${active}` : undefined}
        onFocus={() => setOpen(true)}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setOpen(true);
        }}
        onKeyDown={onKey}
      />
      {isOpen && query && (
        <div class="hits">
          <p class="quiet" role="status">
            {result.error ||
              (result.answer
                ? [
                    result.answer.total_scopes ? plural(result.answer.total_scopes, "scope") : "",
                    plural(result.answer.variables, "variable"),
                    plural(result.answer.ops, "op"),
                  ]
                    .filter(Boolean)
                    .join(", ")
                : "…")}
          </p>
          {result.answer?.hints.map((hint) => (
            <p key={hint} class="quiet">
              {printable(hint)}
            </p>
          ))}
          {!!result.answer?.near.length && (
            <p class="near">
              Did you mean{" "}
              {result.answer.near.map((name) => (
                <button
                  key={name}
                  class="link mono"
                  onMouseDown={(event) => {
                    event.preventDefault();
                    go(name);
                  }}
                >
                  {printable(name)}
                </button>
              ))}
              ?
            </p>
          )}
          <ul id="hits" role="listbox" aria-label="what was found">
            {hits.map((hit, index) => (
              <li
                key={`${hit.what} ${full(hit)}`}
                id={`hit-${index}`}
                role="option"
                aria-selected={index === active}
                class={index === active ? "active" : ""}
                onMouseDown={(event) => {
                  event.preventDefault();
                  pick(index);
                }}
              >
                <span class={`what ${hit.what}`} title={hit.what}>
                  {hit.what[0]!.toUpperCase()}
                </span>
                <span class="mono grow" title={hit.name}>
                  <Path text={printable(full(hit))} />
                </span>
                <span class="quiet">
                  {hit.what === "scope" ? "scope" : `${printable(hit.type)} ${hit.shape_known ? shape(hit.shape) : ""}`}
                </span>
              </li>
            ))}
            {restOfScopes > 0 &&
              (isWide !== query ? (
                <li
                  class="more"
                  role="option"
                  aria-selected={false}
                  onMouseDown={(event) => {
                    event.preventDefault();
                    setWide(query);
                  }}
                >
                  … {count(restOfScopes)} more scopes
                </li>
              ) : (
                <li class="quiet" role="option" aria-selected={false} aria-disabled="true">
                  … {count(restOfScopes)} more scopes: say more of the name
                </li>
              ))}
            {rest > 0 && (
              <li
                class="more"
                role="option"
                aria-selected={false}
                onMouseDown={(event) => {
                  event.preventDefault();
                  void more();
                }}
              >
                … {count(rest)} more
              </li>
            )}
          </ul>
        </div>
      )}
    </div>
  );
}
