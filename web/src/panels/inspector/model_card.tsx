// The model in a card, as the server describes it: what it takes and gives, repeated and largest parts, parameters,
// what is shared, what a restore would do. Each name leads to its place.

import type { ComponentChildren } from "preact";
import { api } from "../../lib/api";
import { Copy } from "../../lib/copy";
import { bytes, count, formatName, leaf, plural, printable, shape, shortCount } from "../../lib/format";
import { useQuery } from "../../lib/use_query";
import { current, models } from "../../app/open_models";
import { navigate, route, showView } from "../../app/route";
import type { CardRestore, CardTensor, ModelCard as Card, ModelSummary } from "../../lib/schema";
import { Fact, Listed, Name, Part } from "./parts";

export function ModelCard() {
  const { model } = route.value;
  const isReady = current.value?.state === "ready";
  const ask = (name: string) => (model && isReady ? `card ${name} ${model}` : null);
  const summary = useQuery(ask("summary"), () => api.summary(model)).answer;
  const card = useQuery(ask("model"), () => api.card(model)).answer;
  const markdown = useQuery(ask("markdown"), () => api.cardText(model)).answer;
  if (!summary) return <p class="empty">Select a scope, an op or a variable to see all of it here.</p>;
  return (
    <>
      <h2 class="mono" title={summary.path}>
        {printable(leaf(summary.path))}
      </h2>
      <p class="tools">{markdown && <Copy text={() => markdown.markdown} label="copy as Markdown" />}</p>
      <ModelPart summary={summary} program={card?.program ?? ""} />
      {card && <CardParts card={card} />}
    </>
  );
}

function ModelPart({ summary, program }: { summary: ModelSummary; program: string }) {
  const own = summary.variables - summary.attached_variables;
  return (
    <Part title="model">
      <Fact name="format">
        {[formatName(summary), summary.tensorflow_version && `TensorFlow ${summary.tensorflow_version}`]
          .filter(Boolean)
          .join(", ")}
      </Fact>
      <Fact name="program">{program && program !== "main" ? printable(program) : ""}</Fact>
      <Fact name="ops">{summary.ops ? count(summary.ops) : ""}</Fact>
      <Fact name="functions">{summary.functions ? count(summary.functions) : ""}</Fact>
      <Fact name="variables">
        {count(own)}
        {summary.attached_variables > 0 && (
          <span class="quiet"> and {count(summary.attached_variables)} auxiliary</span>
        )}
      </Fact>
      <Fact name="size">{summary.size_bytes ? bytes(summary.size_bytes) : ""}</Fact>
      <Fact name="tags">{summary.tags.map(printable).join(", ")}</Fact>
    </Part>
  );
}

function CardParts({ card }: { card: Card }) {
  const { parameters } = card;
  const isKnown = parameters.trained !== null && parameters.not_trained !== null;
  return (
    <>
      <TensorPart title="inputs" tensors={card.inputs} total={card.total_inputs} isInput />
      <TensorPart title="outputs" tensors={card.outputs} total={card.total_outputs} />
      <TensorPart title="losses" tensors={card.losses} total={card.losses.length} />
      {card.repeated.length > 0 && (
        <ListPart title="repeated parts">
          {card.repeated.map((part) => (
            <li key={part.pattern}>
              {count(part.count)} equal <Name name={part.first} label={part.pattern} />{" "}
              <span class="quiet">{plural(part.ops, "op")} each</span>
            </li>
          ))}
        </ListPart>
      )}
      {(card.largest.length > 0 || parameters.optimizer > 0) && (
        <Part title="parameters">
          <Fact name="trained">{isKnown ? count(parameters.trained) : "the file does not say"}</Fact>
          <Fact name="not trained">{isKnown && count(parameters.not_trained)}</Fact>
          <Fact name="optimizer">{count(parameters.optimizer)}</Fact>
        </Part>
      )}
      {card.largest.length > 0 && (
        <ListPart title="largest parts">
          {card.largest.map((part) => (
            <li key={part.path}>
              <Name name={part.path} />{" "}
              <span class="quiet" title={plural(part.parameters, "parameter")}>
                {shortCount(part.parameters)}
              </span>
            </li>
          ))}
        </ListPart>
      )}
      {card.shared.length > 0 && (
        <section class="part">
          <h3>shared variables: {count(card.total_shared)}</h3>
          <Listed items={card.shared} total={card.total_shared} show={(name) => <Name name={name} />} />
        </section>
      )}
      {card.restore && <RestorePart restore={card.restore} />}
      {!!card.errors && (
        <Part title="errors">
          <Fact name={count(card.errors)}>
            <button class="link" onClick={() => showView("lint")}>
              see Lint
            </button>
          </Fact>
        </Part>
      )}
    </>
  );
}

function ListPart({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="part">
      <h3>{title}</h3>
      <ul class="largest">{children}</ul>
    </section>
  );
}

interface Tensors {
  title: string;
  tensors: CardTensor[];
  total: number;
  isInput?: boolean;
}

function TensorPart({ title, tensors, total, isInput = false }: Tensors) {
  if (!tensors.length) return null;
  return (
    <section class="part">
      <h3>{title}</h3>
      <Listed
        items={tensors}
        total={total}
        show={(tensor) => (
          <>
            <Name name={opOf(tensor.tensor)} label={tensor.name} />{" "}
            <span class="quiet mono">
              {tensor.dtype ?? ""}
              {tensor.shape_known ? shape(tensor.shape) : ""}
              {isInput && !tensor.is_used ? " (unused)" : ""}
            </span>
          </>
        )}
      />
    </section>
  );
}

const opOf = (tensor: string) => tensor.replace(/:\d+$/, "");

function RestorePart({ restore }: { restore: CardRestore }) {
  const wanted = restore.will_load + restore.missing + restore.mismatched;
  const checkpoint = models.value.find((one) => one.path === restore.checkpoint);
  return (
    <Part title="restore">
      <Fact name="checkpoint">
        <span class="mono" title={restore.checkpoint}>
          {printable(leaf(restore.checkpoint))}
        </span>
      </Fact>
      <Fact name="will load">
        {count(restore.will_load)} of {plural(wanted, "key")}
      </Fact>
      <Fact name="missing">{restore.missing ? count(restore.missing) : ""}</Fact>
      <Fact name="mismatch">{restore.mismatched ? count(restore.mismatched) : ""}</Fact>
      <Fact name="unused">{restore.unused ? count(restore.unused) : ""}</Fact>
      <Fact name="">
        {checkpoint && (
          <button class="link" onClick={() => navigate({ view: "diff", other: checkpoint.id, filter: "" })}>
            see Diff
          </button>
        )}
      </Fact>
    </Part>
  );
}
