// The two trees: an ARIA tree of which only the rows on screen are made.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { plural, parent } from "../../lib/format";
import { current } from "../../app/open_models";
import { announcement, route, navigate, union, pendingTreeReveal, toggled } from "../../app/route";
import { useWindow } from "../../lib/virtual_list";
import { byTyping, type Entry, flatten, isMore, lastBefore, type Line, standsFor } from "./lines";
import { useCosts } from "./costs";
import { type Kind, useFindings, usePages } from "./pages";
import { foundIn, NOTHING, ROW, Row } from "./row";

const MOST_LINTED = 20_000; // ops: the rules take seconds for more, and would slow down what one is looking at

const MOST_BESIDE = 100; // scopes that one key opens

export function Tree({ kind }: { kind: Kind }) {
  const { model, selected } = route.value;
  const opened = kind === "ops" ? route.value.openOps : route.value.openVariables;
  const known = usePages(model, kind, opened);
  const { pages } = known;
  const isLarge = (current.value?.ops ?? 0) > MOST_LINTED;
  const findings = useFindings(model, kind, pages, !isLarge);
  const costs = useCosts(model, kind, [...pages.keys()]);
  const [active, setActive] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const typed = useRef({ text: "", time: 0 });
  const entries = useMemo(() => flatten(pages, opened), [pages, opened.join("\n")]);
  const seen = useWindow(box, entries.length, ROW);

  useEffect(() => {
    const found = entries.findIndex((entry) => !isMore(entry) && standsFor(entry.row, selected));
    if (found >= 0) {
      setActive(found);
      seen.scrollTo(found, true);
    }
  }, [selected, entries]);
  // What was selected by name may stand further down than is loaded.
  useEffect(() => {
    const rest = entries.find((entry) => isMore(entry) && entry.scope === parent(pendingTreeReveal.value));
    const isThere = entries.some((entry) => !isMore(entry) && standsFor(entry.row, pendingTreeReveal.value));
    if (pendingTreeReveal.value && !isThere && rest && isMore(rest)) void known.more(rest);
  }, [pendingTreeReveal.value, entries]);

  function open(path: string) {
    const next = toggled(opened, path);
    announcement.value = next.length > opened.length ? `${path} open` : `${path} closed`;
    navigate(kind === "ops" ? { openOps: next } : { openVariables: next }, true);
  }

  // All scopes beside a line, as far as they are loaded and a hand could have opened them.
  function openBeside({ row }: Line) {
    const beside = pages.get(parent(row.path))?.rows ?? [];
    const next = union(
      opened,
      beside
        .filter((one) => one.is_scope)
        .slice(0, MOST_BESIDE)
        .map((one) => one.path),
    );
    navigate(kind === "ops" ? { openOps: next } : { openVariables: next }, true);
  }

  function act(entry: Entry | undefined, alsoOpen: boolean) {
    if (!entry) return;
    if (isMore(entry)) void known.more(entry);
    else {
      if (alsoOpen && entry.row.is_scope) open(entry.row.path);
      navigate({ selected: entry.row.path });
      pendingTreeReveal.value = ""; // it is here
    }
  }

  function onKey(event: KeyboardEvent) {
    const entry = entries[active];
    const line = entry && !isMore(entry) ? entry : undefined;
    const last = entries.length - 1;
    const page = Math.max(1, seen.perPage - 1);
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      Home: 0,
      End: last,
      PageDown: active + page,
      PageUp: active - page,
    };
    let next = moves[event.key];
    if (line && event.key === (line.isOpen ? "ArrowLeft" : "ArrowRight") && line.row.is_scope) {
      open(line.row.path);
      next = active;
    } else if (event.key === "ArrowRight" && line?.row.is_scope) next = active + 1;
    else if (event.key === "ArrowLeft" && line) next = lastBefore(entries, active, line.depth);
    else if (event.key === "Enter" || event.key === " ") {
      act(entry, event.key === "Enter");
      next = active;
    } else if (event.key === "*" && line) {
      openBeside(line);
      next = active;
    } else if ((event.key === "+" || event.key === "-") && line) {
      known.fold(parent(line.row.path), event.key === "-");
      next = active;
    } else if (
      next === undefined &&
      event.key.length === 1 &&
      !event.ctrlKey &&
      !event.metaKey &&
      event.key !== "/" &&
      event.key !== "?"
    )
      next = byTyping(entries, active, event.key, typed.current);
    if (next === undefined) return;
    event.preventDefault();
    const bounded = Math.max(0, Math.min(last, next));
    setActive(bounded);
    seen.scrollTo(bounded);
  }

  if (known.error) return <p class="trouble">{known.error}</p>;
  if (!pages.has("")) return <p class="quiet pad">Reading the tree…</p>;
  if (!entries.length)
    return <p class="quiet pad">{kind === "ops" ? "No ops: a checkpoint has no graph." : "No variables."}</p>;
  const amount = ({ row }: Line) => (costs ? (costs.of(row) ?? 0) : row.size);
  const largest = Math.max(costs ? 0 : 1, ...entries.map((entry) => (isMore(entry) ? 0 : amount(entry)))) || 1;
  const aside = pages.get("")?.left_out ?? 0;
  return (
    <>
      <div
        class="tree"
        ref={box}
        role="tree"
        tabIndex={0}
        aria-label={kind === "ops" ? "Ops" : "Variables"}
        aria-activedescendant={`${kind}-${active}`}
        onKeyDown={onKey}
        onScroll={seen.onScroll}
      >
        <div class="tall" role="none" style={{ height: `${entries.length * ROW}px` }}>
          {entries.slice(seen.first, seen.last).map((entry, place) => {
            const index = seen.first + place;
            const scope = isMore(entry) ? "" : parent(entry.row.path);
            return (
              <Row
                key={isMore(entry) ? `more ${entry.scope}` : entry.row.path}
                entry={entry}
                id={`${kind}-${index}`}
                findings={isMore(entry) ? NOTHING : foundIn(findings, entry)}
                kind={kind}
                top={index * ROW}
                isActive={index === active}
                largest={largest}
                costs={costs}
                onOpen={() => {
                  setActive(index);
                  if (!isMore(entry)) open(entry.row.path);
                }}
                onPick={(twice) => {
                  setActive(index);
                  act(entry, twice);
                }}
                onUnfold={() => known.fold(scope, false)}
              />
            );
          })}
        </div>
      </div>
      {known.unfolded.length > 0 && (
        <p class="foot">
          <button class="link" onClick={() => known.unfolded.forEach((scope) => known.fold(scope, true))}>
            collapse groups again
          </button>
        </p>
      )}
      {isLarge && <p class="foot quiet">the findings of a graph this large are in the Lint view only</p>}
      {aside > 0 && <p class="foot quiet">{plural(aside, "auxiliary variable")} hidden</p>}
    </>
  );
}
