// What a diff is taken away as: the pairs, code that loads, and a file that was converted.

import { useEffect, useState } from "preact/hooks";
import { route } from "../../app/route";
import { address, api, errorMessage } from "../../lib/api";
import { copyText } from "../../lib/copy";
import { download } from "../../lib/download";
import { bytes, count, plural, printable } from "../../lib/format";
import type { ConvertedFile, DiffCode } from "../../lib/schema";

const FORMS: [DiffCode["form"], string][] = [
  ["pairs", "the pairs, as JSON for --map"],
  ["tf1", "a loader for TensorFlow 1"],
  ["tf2", "a loader for TensorFlow 2"],
  ["keras", "a loader for Keras"],
  ["torch", "a loader for PyTorch"],
  ["jax", "a loader for JAX"],
  ["saver", "a Saver that restores"],
  ["init", "init_from_checkpoint"],
];
const FORMATS: [string, string][] = [
  ["safetensors", "safetensors"],
  ["npz", "npz"],
  ["weights.h5", "weights.h5 (Keras)"],
  ["checkpoint", "TensorFlow checkpoint (zip)"],
];

export function TakeAway({ a, b }: { a: string; b: string }) {
  return (
    <section class="takeaway" aria-label="Take away">
      <h2 class="pad">take away</h2>
      <Code a={a} b={b} />
      <Convert a={a} b={b} />
    </section>
  );
}

function Code({ a, b }: { a: string; b: string }) {
  const { edits } = route.value;
  const [form, setForm] = useState<DiffCode["form"]>("pairs");
  const [code, setCode] = useState<DiffCode | null>(null);
  const [state, setState] = useState("");
  useEffect(() => {
    setCode(null);
    setState("");
  }, [a, b, edits, form]);
  async function asked(act: (code: DiffCode) => void | Promise<void>) {
    try {
      const found = code ?? (await api.diffCode(a, b, form, edits));
      setCode(found);
      await act(found);
    } catch (error) {
      setState(errorMessage(error));
    }
  }
  return (
    <>
      <div class="bar">
        <label>
          code{" "}
          <select
            aria-label="code"
            value={form}
            onChange={(event) => setForm(event.currentTarget.value as DiffCode["form"])}
          >
            {FORMS.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <button onClick={() => void asked(() => setState(""))}>show</button>
        <button
          onClick={() =>
            void asked(async ({ text }) =>
              setState((await copyText(text)) ? "copied" : "not copied: the browser refuses"),
            )
          }
        >
          copy
        </button>
        <button onClick={() => void asked(({ file, text }) => download(file, text))}>save</button>
        <span role="status" class="quiet">
          {state}
        </span>
      </div>
      {code && (
        <pre class="code" tabindex={0} aria-label={`code: ${code.file}`}>
          {shown(code.text)}
        </pre>
      )}
    </>
  );
}

const MOST_SHOWN = 20_000; // characters

function shown(text: string): string {
  const first = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}\n… copy or save has all of it` : text;
  return printable(first).replaceAll("\\u000a", "\n");
}

function Convert({ a, b }: { a: string; b: string }) {
  const { edits } = route.value;
  const [format, setFormat] = useState("safetensors");
  const [dropsSlots, setDrop] = useState(true);
  const [made, setMade] = useState<ConvertedFile | null>(null);
  const [state, setState] = useState("");
  const isWaiting = state === WAITING;
  useEffect(() => {
    setMade(null);
    setState("");
  }, [a, b, edits, format, dropsSlots]);
  async function convert() {
    setState(WAITING);
    setMade(null);
    try {
      setMade(await api.convert({ a, b, format, drop_slots: dropsSlots, edits }));
      setState("");
    } catch (error) {
      setState(errorMessage(error));
    }
  }
  return (
    <>
      <div class="bar">
        <label>
          weights under the new names{" "}
          <select
            aria-label="format of the weights"
            value={format}
            onChange={(event) => setFormat(event.currentTarget.value)}
          >
            {FORMATS.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label>
          <input type="checkbox" checked={dropsSlots} onChange={(event) => setDrop(event.currentTarget.checked)} />{" "}
          without optimizer slots
        </label>
        <button disabled={isWaiting} onClick={() => void convert()}>
          convert
        </button>
        {made && (
          <a class="download" href={address(`converted/${encodeURIComponent(made.id)}`)} download={made.name}>
            download {printable(made.name)} ({bytes(made.size_bytes)})
          </a>
        )}
        <span role="status" class={isWaiting || !state ? "quiet" : "trouble"}>
          {state}
        </span>
      </div>
      {made && (
        <p class="hint quiet">
          {plural(made.tensors, "tensor")}, read back and equal to the plan.
          {made.total_left_out > 0 &&
            ` ${plural(made.total_left_out, "variable")} left out${names(made.left_out, made.total_left_out)}.`}
          {made.total_kept > 0 &&
            ` ${plural(made.total_kept, "variable")} with the values of the other side${names(made.kept, made.total_kept)}.`}
          {made.total_unfilled > 0 &&
            ` ${plural(made.total_unfilled, "variable")} of the other side without values${names(made.unfilled, made.total_unfilled)}.`}
        </p>
      )}
    </>
  );
}

const WAITING = "writing the file and reading it back…";
const NAMED = 3;

function names(some: { name: string }[], total: number): string {
  const first = some.slice(0, NAMED).map(({ name }) => printable(name));
  return `: ${first.join(", ")}${total > NAMED ? `, ${count(total - NAMED)} more` : ""}`;
}
