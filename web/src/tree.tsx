// The two trees: an ARIA tree of which only the rows on screen are made.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api, pending } from "./api";
import { bytes, count, parent, plural, printable, shape } from "./format";
import { at, announced, current, go, said, toggled } from "./state";
import type { FindingCount, FindingsBelow, TreePage, TreeRow } from "./schema";

const ROW = 26;
const SPARE = 8;
const MOST_LINTED = 20_000; // ops: the rules take seconds for more, and would slow down what one is looking at

interface Line {
  row: TreeRow;
  depth: number;
  isOpen: boolean;
}

interface More {
  scope: string;
  depth: number;
  shown: number;
  total: number;
}

type Entry = Line | More;

const isMore = (entry: Entry): entry is More => !("row" in entry);

export function Tree({ kind }: { kind: "ops" | "variables" }) {
  const model = at.value.model;
  const opened = kind === "ops" ? at.value.openOps : at.value.openVariables;
  const [pages, setPages] = useState<Map<string, TreePage>>(new Map());
  const [findings, setFindings] = useState<Map<string, FindingsBelow["children"]>>(new Map());
  const [error, setError] = useState("");
  const [active, setActive] = useState(0);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const box = useRef<HTMLDivElement>(null);
  const looked = useRef(new Set<string>()); // scopes whose findings are asked for
  const typed = useRef({ text: "", time: 0 });

  const revision = current.value?.revision ?? 0;
  useEffect(() => {
    if (pages.size) setPages(new Map()); // a new map, even an empty one, is asked for again
    setFindings(new Map());
    looked.current.clear();
  }, [model, kind, revision]);

  useEffect(() => {
    // A scope is asked for when its own row is there: the other side of a diff may have opened it, and this tree lack it.
    const scopes = new Set([...pages.values()].flatMap((page) => page.rows.filter((row) => row.is_scope).map((row) => row.path)));
    const wanted = ["", ...opened.filter((scope) => scopes.has(scope))].filter((scope) => !pages.has(scope));
    let isStale = false;
    for (const scope of wanted) {
      api.tree(model, kind, scope).then(
        (page) => isStale || setPages((known) => new Map(known).set(scope, page)),
        (problem) => isStale || scope !== "" || setError(said(problem)),
      );
    }
    return () => {
      isStale = true;
    };
  }, [model, kind, opened.join("\n"), pages]);

  // Findings take the rules some time, and nobody waits for them: they are asked for when all else is answered.
  const isLarge = (current.value?.ops ?? 0) > MOST_LINTED;
  const isQuiet = pending.value === 0 && !isLarge;
  useEffect(() => {
    const wanted = isQuiet ? [...pages.keys()].filter((scope) => !looked.current.has(scope)) : [];
    for (const scope of wanted) looked.current.add(scope);
    for (const scope of wanted)
      api.findings(model, scope).then((found) => setFindings((known) => new Map(known).set(scope, found.children)), () => undefined);
  }, [isQuiet, pages]);

  const entries = useMemo(() => flatten(pages, opened), [pages, opened.join("\n")]);

  useEffect(() => {
    const measure = () => setHeight(box.current?.clientHeight ?? 600);
    measure();
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);

  useEffect(() => {
    const found = entries.findIndex((entry) => !isMore(entry) && entry.row.path === at.value.selected);
    if (found >= 0) {
      setActive(found);
      scrollTo(found);
    }
  }, [at.value.selected, entries]);

  function scrollTo(index: number) {
    const element = box.current;
    if (!element) return;
    if (index * ROW < element.scrollTop) element.scrollTop = index * ROW;
    else if ((index + 1) * ROW > element.scrollTop + element.clientHeight)
      element.scrollTop = (index + 1) * ROW - element.clientHeight;
  }

  function open(path: string) {
    const next = toggled(opened, path);
    announced.value = next.length > opened.length ? `${path} open` : `${path} closed`;
    go(kind === "ops" ? { openOps: next } : { openVariables: next }, true);
  }

  async function more(entry: More) {
    const page = await api.tree(model, kind, entry.scope, entry.shown);
    setPages((known) => {
      const before = known.get(entry.scope);
      return new Map(known).set(entry.scope, { ...page, rows: [...(before?.rows ?? []), ...page.rows], offset: 0 });
    });
  }

  function act(entry: Entry | undefined, alsoOpen: boolean) {
    if (!entry) return;
    if (isMore(entry)) void more(entry);
    else {
      if (alsoOpen && entry.row.is_scope) open(entry.row.path);
      go({ selected: entry.row.path });
    }
  }

  function onKey(event: KeyboardEvent) {
    const entry = entries[active];
    const line = entry && !isMore(entry) ? entry : undefined;
    const last = entries.length - 1;
    const page = Math.max(1, Math.floor(height / ROW) - 1);
    const moves: Record<string, number> = {
      ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: last, PageDown: active + page, PageUp: active - page,
    };
    let next = moves[event.key];
    if (event.key === "ArrowRight" && line?.row.is_scope) next = line.isOpen ? active + 1 : (open(line.row.path), active);
    else if (event.key === "ArrowLeft" && line) {
      if (line.isOpen) next = (open(line.row.path), active);
      else next = lastBefore(entries, active, line.depth);
    } else if (event.key === "Enter" || event.key === " ") {
      act(entry, event.key === "Enter");
      next = active;
    } else if (next === undefined && event.key.length === 1 && !event.ctrlKey && !event.metaKey && event.key !== "/" && event.key !== "?")
      next = byTyping(entries, active, event.key, typed.current);
    if (next === undefined) return;
    event.preventDefault();
    const bounded = Math.max(0, Math.min(last, next));
    setActive(bounded);
    scrollTo(bounded);
  }

  if (error) return <p class="trouble">{error}</p>;
  if (!pages.has("")) return <p class="quiet pad">Reading the tree…</p>;
  if (!entries.length) return <p class="quiet pad">{kind === "ops" ? "No ops: a checkpoint has no graph." : "No variables."}</p>;
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const shown = entries.slice(first, first + Math.ceil(height / ROW) + 2 * SPARE);
  const largest = Math.max(1, ...entries.map((entry) => (isMore(entry) ? 0 : entry.row.size)));
  const aside = pages.get("")?.set_aside ?? 0;
  return (
    <>
      <div
        class="tree" ref={box} role="tree" tabIndex={0} aria-label={kind === "ops" ? "Ops" : "Variables"}
        aria-activedescendant={`${kind}-${active}`} onKeyDown={onKey}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <div class="tall" role="none" style={{ height: `${entries.length * ROW}px` }}>
          {shown.map((entry, place) => {
            const index = first + place;
            return (
              <Row
                key={isMore(entry) ? `more ${entry.scope}` : entry.row.path} entry={entry} id={`${kind}-${index}`}
                findings={isMore(entry) ? NOTHING : foundIn(findings, entry)} kind={kind} top={index * ROW} isActive={index === active} largest={largest}
                onOpen={() => (setActive(index), !isMore(entry) && open(entry.row.path))}
                onPick={(twice) => (setActive(index), act(entry, twice))}
              />
            );
          })}
        </div>
      </div>
      {isLarge && <p class="foot quiet">findings of a graph this large are told under Lint alone</p>}
      {aside > 0 && <p class="foot quiet">{count(aside)} {aside === 1 ? "slot or average is" : "slots and averages are"} told with their variables</p>}
    </>
  );
}

function flatten(pages: Map<string, TreePage>, opened: string[]): Entry[] {
  const entries: Entry[] = [];
  const isOpen = new Set(opened);
  const stack: { scope: string; depth: number; index: number }[] = [{ scope: "", depth: 0, index: 0 }];
  while (stack.length) {
    const place = stack[stack.length - 1]!;
    const page = pages.get(place.scope);
    const row = page?.rows[place.index];
    if (!page || !row) {
      if (page && page.rows.length < page.total)
        entries.push({ scope: place.scope, depth: place.depth, shown: page.rows.length, total: page.total });
      stack.pop();
      continue;
    }
    place.index += 1;
    const open = row.is_scope && isOpen.has(row.path);
    entries.push({ row, depth: place.depth, isOpen: open });
    if (open) stack.push({ scope: row.path, depth: place.depth + 1, index: 0 });
  }
  return entries;
}

function lastBefore(entries: Entry[], from: number, depth: number): number {
  let index = from - 1;
  while (index > 0 && (isMore(entries[index]!) || (entries[index] as Line).depth >= depth)) index -= 1;
  return Math.max(0, index);
}

function byTyping(entries: Entry[], from: number, key: string, typed: { text: string; time: number }): number | undefined {
  const now = Date.now();
  typed.text = now - typed.time > 700 ? key : typed.text + key;
  typed.time = now;
  const sought = typed.text.toLowerCase();
  for (let step = sought.length > 1 ? 0 : 1; step <= entries.length; step += 1) {
    const index = (from + step) % entries.length;
    const entry = entries[index]!;
    if (!isMore(entry) && entry.row.label.toLowerCase().startsWith(sought)) return index;
  }
  return undefined;
}

const NOTHING: FindingCount = { errors: 0, warnings: 0, first: "" };

// What stands at a row, its twins together; the first message is that of the gravest.
function foundIn(findings: Map<string, FindingsBelow["children"]>, { row }: Line): FindingCount {
  const among = findings.get(parent(row.path)) ?? {};
  let sum = NOTHING;
  for (const path of row.twins.length ? row.twins : [row.path]) {
    const one = among[path];
    if (one) sum = { errors: sum.errors + one.errors, warnings: sum.warnings + one.warnings, first: sum.errors || !one.errors ? sum.first || one.first : one.first };
  }
  return sum;
}

interface RowProps {
  entry: Entry;
  findings: FindingCount;
  id: string;
  kind: "ops" | "variables";
  top: number;
  isActive: boolean;
  largest: number;
  onOpen: () => void;
  onPick: (twice: boolean) => void;
}

function Row({ entry, findings, id, kind, top, isActive, largest, onOpen, onPick }: RowProps) {
  const place = { top: `${top}px`, paddingLeft: `${8 + 14 * entry.depth}px` };
  if (isMore(entry))
    return (
      <div class={`row more ${isActive ? "active" : ""}`} id={id} role="treeitem" style={place} onClick={() => onPick(false)}>
        {plural(entry.total - entry.shown, "more row")}: show them
      </div>
    );
  const { row, isOpen } = entry;
  const isSelected = row.path === at.value.selected;
  const { size } = row;
  return (
    <div
      class={`row ${isActive ? "active" : ""} ${isSelected ? "selected" : ""} ${row.role && row.role !== "forward" ? "aside" : ""}`}
      id={id} role="treeitem" aria-level={entry.depth + 1} aria-selected={isSelected}
      aria-expanded={row.is_scope ? isOpen : undefined} style={place} title={row.path}
      onClick={() => onPick(false)} onDblClick={() => onPick(true)}
    >
      {row.is_scope ? (
        <span class={`twist ${isOpen ? "open" : ""}`} aria-hidden="true" onClick={(event) => (event.stopPropagation(), onOpen())}>
          ›
        </span>
      ) : (
        <span class="twist" />
      )}
      <span class={`name ${row.is_scope ? "scope" : ""}`}>{printable(row.label)}</span>
      {row.twins.length > 0 && <span class="badge twin">{row.twins.length}×</span>}
      {row.uses > 1 && <span class="badge shared" title={`used at ${row.uses} places`}>shared {row.uses}</span>}
      {row.slots > 0 && <span class="badge" title="slots and averages">+{row.slots}</span>}
      {findings.first && (
        <span class={`badge finding ${findings.errors ? "error" : "warning"}`} title={`${told(findings)}: ${printable(findings.first)}`}>
          ! {findings.errors + findings.warnings}
        </span>
      )}
      {collections(row) && <span class="badge device" title={`in ${row.collections.map(printable).join(", ")}`}>{collections(row)}</span>}
      {row.device && <span class="badge device" title={row.device}>{row.device.replace(/^.*\/(device:)?/i, "")}</span>}
      <span class="grow" />
      {row.has_shape && <span class="quiet mono">{shape(row.shape)}</span>}
      {kind === "ops" && row.type && <span class="quiet">{row.type}</span>}
      {(row.is_scope || kind === "variables") && (
        <span class="size" title={kind === "ops" ? plural(size, "op") : `${plural(size, "parameter")}, about ${bytes(4 * size)} as float32`}>
          <i style={{ width: `${Math.max(1, (26 * Math.log1p(size)) / Math.log1p(largest))}px` }} />
          {count(size)}
        </span>
      )}
    </div>
  );
}

function told({ errors, warnings }: FindingCount): string {
  return [errors ? plural(errors, "error") : "", warnings ? plural(warnings, "warning") : ""].filter(Boolean).join(", ");
}

// The two collections that every variable is in by default say nothing alone; others are named, or counted.
function collections(row: TreeRow): string {
  const others = row.collections.filter((name) => !["variables", "trainable_variables"].includes(name));
  if (others.length === 1) return printable(others[0]!);
  if (others.length) return `${others.length} collections`;
  return row.trainable === false ? "not trained" : "";
}
