// The values of a variable, as each checkpoint that is open holds them.

import { useState } from "preact/hooks";
import { api } from "../../lib/api";
import { useQuery } from "../../lib/use_query";
import { bytes, count, plural, printable, short } from "../../lib/format";
import { current, models } from "../../app/open_models";
import type { VariableValues } from "../../lib/schema";

const MOST = 64 << 20; // bytes that are read without being asked to: about a second

export function StoredValues({ model, name, size }: { model: string; name: string; size: number }) {
  const [wished, setWished] = useState("");
  const holders = models.value.filter((one) => one.state === "ready" && one.holds_values);
  const isWanted = holders.length > 0 && (size <= MOST || wished === name);
  const key = JSON.stringify([model, name, holders.map((one) => [one.id, one.revision])]);
  const result = useQuery(isWanted ? key : null, () => api.valuesOf(model, name));
  if (!holders.length) return null;
  if (!isWanted)
    return (
      <Titled>
        <button onClick={() => setWished(name)}>read {bytes(size)}</button>
      </Titled>
    );
  if (result.error)
    return (
      <Titled>
        <span class="bad">{result.error}</span>
      </Titled>
    );
  if (!result.answer) return null;
  if (!result.answer.length) return null; // checkpoints of something else
  const names = short(result.answer.map((one) => one.checkpoint));
  return (
    <>
      {result.answer.map((found, index) => (
        <Described
          key={found.checkpoint}
          found={found}
          name={name}
          title={result.answer!.length > 1 || current.value?.path !== found.checkpoint ? names[index]! : ""}
        />
      ))}
    </>
  );
}

function Titled({ children, title = "" }: { children: preact.ComponentChildren; title?: string }) {
  return (
    <section class="part values">
      <h3>values{title && <span class="mono"> in {title}</span>}</h3>
      {children}
    </section>
  );
}

function Described({ found, name, title }: { found: VariableValues; name: string; title: string }) {
  if (found.unread)
    return (
      <Titled title={title}>
        <span class="quiet">{found.unread}</span>
      </Titled>
    );
  const rows: [string, string][] = [
    ["mean", number(found.mean)],
    ["deviation", number(found.deviation)],
    ["minimum", number(found.minimum)],
    ["maximum", number(found.maximum)],
    ["l2 norm", number(found.l2)],
    ["zeros", found.zeros ? `${count(found.zeros)} (${Math.round((100 * found.zeros) / found.elements)} %)` : "none"],
  ];
  return (
    <Titled title={title}>
      {(found.nan > 0 || found.inf > 0) && (
        <p class="bad">
          {[found.nan ? plural(found.nan, "NaN", "NaN") : "", found.inf ? `${count(found.inf)} infinite` : ""]
            .filter(Boolean)
            .join(", ")}
        </p>
      )}
      {found.elements === 1 ? (
        <p class="mono">{number(found.mean)}</p>
      ) : (
        <>
          <Histogram found={found} />
          <dl>
            {rows.map(([term, text]) => [
              <dt key={term}>{term}</dt>,
              <dd key={`${term} of it`} class="mono">
                {text}
              </dd>,
            ])}
          </dl>
        </>
      )}
      {found.variable !== name && (
        <p class="quiet">
          key <span class="mono">{printable(found.variable)}</span>
        </p>
      )}
    </Titled>
  );
}

const [WIDTH, HEIGHT] = [240, 44];

function Histogram({ found: { histogram, minimum, maximum } }: { found: VariableValues }) {
  if (!histogram.length) return null;
  const most = Math.max(...histogram);
  const bar = WIDTH / histogram.length;
  return (
    <svg
      class="histogram"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`histogram of the values from ${number(minimum)} to ${number(maximum)}`}
    >
      {histogram.map((height, index) => (
        <rect
          key={index}
          x={index * bar}
          width={bar - 1}
          y={HEIGHT - share(height, most)}
          height={share(height, most)}
        />
      ))}
    </svg>
  );
}

// A bin that holds anything at all is seen.
const share = (height: number, most: number) => (height ? Math.max(1.5, (HEIGHT * height) / most) : 0);

function number(value: number | string | null): string {
  return value === null ? "none is finite" : typeof value === "string" ? value : String(Number(value.toPrecision(5)));
}
