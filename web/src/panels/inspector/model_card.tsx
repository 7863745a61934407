// The model in a card: what it takes and gives, its largest parts, what is shared. Each name leads to its place.

import { api } from "../../lib/api";
import { bytes, count, plural, printable, shape } from "../../lib/format";
import { useQuery } from "../../lib/use_query";
import { current } from "../../app/open_models";
import { route } from "../../app/route";
import type { ModelSummary, Signature, TreePage } from "../../lib/schema";
import { Fact, Listed, Name, Part } from "./parts";

const LARGEST = 5; // parts of each tree that are named
const RECORDS = 40; // of each list of the inspection: the card names what a model takes and gives

export function ModelCard() {
  const { model } = route.value;
  const isReady = current.value?.state === "ready";
  const ask = (name: string) => (model && isReady ? `card ${name} ${model}` : null);
  const summary = useQuery(ask("summary"), () => api.summary(model)).answer;
  const signatures = useQuery(ask("inspection"), () => api.inspection(model, RECORDS)).answer?.signatures ?? [];
  const variables = useQuery(ask("variables"), () => api.tree(model, "variables", "")).answer;
  const ops = useQuery(ask("ops"), () => api.tree(model, "ops", "")).answer;
  const shared = useQuery(ask("sharing"), () => api.sharing(model, LARGEST)).answer;
  if (!summary) return <p class="empty">Select a scope, an op or a variable to see all of it here.</p>;
  return (
    <>
      <h2 class="mono" title={summary.path}>
        {printable(summary.path.split("/").pop() ?? "")}
      </h2>
      <ModelPart summary={summary} />
      {signatures.map((signature) => (
        <SignaturePart key={signature.name} signature={signature} />
      ))}
      <LargestPart title="largest variable scopes" page={variables} unit="parameter" />
      <LargestPart title="largest op scopes" page={ops} unit="op" />
      {!!shared?.shared && (
        <Part title="shared variables">
          <Fact name={count(shared.shared)}>
            <Listed items={shared.variables} total={shared.shared} show={({ name }) => <Name name={name} />} />
          </Fact>
        </Part>
      )}
    </>
  );
}

function ModelPart({ summary }: { summary: ModelSummary }) {
  const own = summary.variables - summary.attached_variables;
  return (
    <Part title="model">
      <Fact name="format">
        {[summary.format.replaceAll("_", " "), summary.tensorflow_version && `TensorFlow ${summary.tensorflow_version}`]
          .filter(Boolean)
          .join(", ")}
      </Fact>
      <Fact name="ops">{summary.ops ? count(summary.ops) : ""}</Fact>
      <Fact name="functions">{summary.functions ? count(summary.functions) : ""}</Fact>
      <Fact name="variables">
        {count(own)}
        {summary.attached_variables > 0 && (
          <span class="quiet"> and {count(summary.attached_variables)} auxiliary</span>
        )}
      </Fact>
      <Fact name="parameters">
        {count(summary.parameters)} <span class="quiet">{bytes(summary.size_bytes)}</span>
      </Fact>
      <Fact name="tags">{summary.tags.map(printable).join(", ")}</Fact>
    </Part>
  );
}

function SignaturePart({ signature }: { signature: Signature }) {
  const sides = [
    ["inputs", signature.inputs],
    ["outputs", signature.outputs],
  ] as const;
  return (
    <Part title={`signature ${printable(signature.name)}`}>
      {sides.map(([side, tensors]) => (
        <Fact key={side} name={side}>
          {tensors.length > 0 && (
            <Listed
              items={tensors}
              show={(tensor) => (
                <>
                  {printable(tensor.key)}{" "}
                  <span class="quiet mono">
                    {tensor.dtype}
                    {shape(tensor.shape)}
                  </span>
                </>
              )}
            />
          )}
        </Fact>
      ))}
    </Part>
  );
}

function LargestPart({ title, page, unit }: { title: string; page: TreePage | undefined; unit: string }) {
  const largest = (page?.rows ?? []).filter((row) => row.is_scope && row.size > 0).sort((a, b) => b.size - a.size);
  if (!largest.length) return null;
  return (
    <section class="part">
      <h3>{title}</h3>
      <ul class="largest">
        {largest.slice(0, LARGEST).map((row) => (
          <li key={row.path}>
            <Name name={row.path} /> <span class="quiet">{plural(row.size, unit)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
