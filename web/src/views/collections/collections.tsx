// What every collection holds, how they differ, and what the savers store.

import { api } from "../../lib/api";
import { useQuery } from "../../lib/use_query";
import { count, cut, plural, printable } from "../../lib/format";
import { csv, download } from "../../lib/download";
import { route, navigate, notice } from "../../app/route";

const SHOWN = 40;
const RENAMED = 6; // keys of a saver that are named
const MOST = 5000; // members of one collection that are saved

export function Collections() {
  const { model } = route.value;
  const result = useQuery(model || null, () => api.collections(model), "collections");
  const report = result.answer;
  async function save(kind: "csv" | "json") {
    const whole = await api.collections(model, MOST);
    const rows = whole.collections.flatMap(({ collection }) =>
      collection.members.map((one) => ({
        collection: collection.name,
        kind: one.kind,
        member: one.target ?? one.text,
      })),
    );
    const left = whole.collections
      .filter(({ collection }) => collection.size > collection.members.length)
      .map(({ collection }) => collection.name);
    if (left.length)
      notice.value = `Of ${left.join(", ")} the first ${count(MOST)} members are saved; scopeview collections prints all.`;
    download(
      `collections.${kind}`,
      kind === "json" ? JSON.stringify(whole, null, 2) : csv(["collection", "kind", "member"], rows),
    );
  }
  return (
    <section class="view" aria-label="Collections">
      {report && report.collections.length > 0 && (
        <div class="bar">
          <span class="grow" />
          <button aria-label="save the collections as CSV" onClick={() => void save("csv")}>
            CSV
          </button>
          <button aria-label="save the collections as JSON" onClick={() => void save("json")}>
            JSON
          </button>
        </div>
      )}
      {result.error && <p class="trouble">{result.error}</p>}
      {report && !report.collections.length && (
        <p class="empty">
          {report.has_collections
            ? "This MetaGraph has no collections."
            : "A bare GraphDef and a checkpoint have no collections."}
        </p>
      )}
      <div class="scroll pad">
        {report?.differences.map((difference) => (
          <p key={difference.left + difference.right} class="warning">
            <b>
              {difference.left} − {difference.right}: {count(difference.variables.length)}
            </b>{" "}
            {difference.meaning}: <Names names={difference.variables} />
          </p>
        ))}
        {report?.collections.map(({ collection, kinds }) => (
          <details key={collection.name} open={collection.size <= 12}>
            <summary>
              <b class="mono">{printable(collection.name)}</b>{" "}
              <span class="quiet">
                {Object.entries(kinds)
                  .map(([kind, number]) => plural(number, kind))
                  .join(", ")}
              </span>
            </summary>
            <Names
              names={collection.members.map((member) => member.target ?? { text: member.text })}
              total={collection.size}
            />
          </details>
        ))}
        {report?.saving.savers.map((saver) => (
          <p key={saver.op + saver.restores}>
            <b class="mono">{printable(saver.op)}</b> {saver.restores ? "restores" : "saves"}{" "}
            {plural(saver.keys.length, "key")}
            {saver.renamed.length > 0 && (
              <span class="quiet">
                {" "}
                · {count(saver.renamed.length)} under other names:{" "}
                {saver.renamed
                  .slice(0, RENAMED)
                  .map((one) => printable(`${one.variable} as ${one.key}`))
                  .join(", ")}
                {saver.renamed.length > RENAMED ? ", …" : ""}
              </span>
            )}
          </p>
        ))}
        {!!report?.saving.never_saved.length && (
          <p class="warning">
            <b>never saved: {count(report.saving.never_saved.length)}</b> <Names names={report.saving.never_saved} />
          </p>
        )}
      </div>
    </section>
  );
}

// Names that lead on, and what a collection holds that is no name: values and messages.
function Names({ names, total = names.length }: { names: (string | { text: string })[]; total?: number }) {
  return (
    <span class="names">
      {names.slice(0, SHOWN).map((name, index) =>
        typeof name === "string" ? (
          <button key={index} class="link mono" onClick={() => navigate({ selected: name })}>
            {printable(name)}
          </button>
        ) : (
          <span key={index} class="mono">
            {cut(printable(name.text), 200)}
          </span>
        ),
      )}
      {total > SHOWN && <span class="quiet">… {count(total - SHOWN)} more</span>}
    </span>
  );
}
