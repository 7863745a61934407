// What is selected, in full: everything that stands under one name. With nothing selected, the model is.

import { api } from "../../lib/api";
import { useQuery } from "../../lib/use_query";
import { Copy } from "../../lib/copy";
import { count, cut, printable } from "../../lib/format";
import { Splitter } from "../../app/splitter";
import { StoredValues } from "./stored_values";
import { ancestors, route, navigate } from "../../app/route";
import type { Detail } from "../../lib/schema";
import { Part, Fact, Name, Listed } from "./parts";
import { VariablePart } from "./variable_part";
import { VariableScopePart, ScopePart } from "./scope_parts";
import { OpPart } from "./op_part";
import { SeveralPart, LinkPart } from "./selection_parts";
import { ModelCard } from "./model_card";

export function Inspector() {
  const { selected, selectedIn, graphView } = route.value;
  const model = selectedIn || route.value.model;
  // What is selected in the body of a function is called as the command line calls it: `function: op`. With nothing
  // selected there it is the function that is shown.
  const body = route.value.view === "graph" ? graphView.function : "";
  const name = selected && body ? `${body}: ${selected}` : selected || body;
  const result = useQuery(model && name ? `${model} ${name}` : null, () =>
    api.show(model, name).then((found) => ({ model, found })),
  );
  return (
    <aside class="inspector" aria-label="What is selected">
      <Splitter side="right" />
      <div class="about">
        {selected && graphView.also.length > 0 && route.value.view === "graph" && (
          <SeveralPart names={[selected, ...graphView.also]} />
        )}
        {graphView.link.length > 0 && route.value.view === "graph" && <LinkPart />}
        {!name && !graphView.link.length && <ModelCard />}
        {result.error && name && <p class="trouble">{result.error}</p>}
        {name && result.answer && <Everything {...result.answer} />}
      </div>
    </aside>
  );
}

// What is shown may be of another model than the address names, until the next answer is there.
function Everything({ found, model }: { found: Detail; model: string }) {
  return (
    <>
      <h2 class="mono" title={found.name}>
        {cut(printable(found.name), 400)}
      </h2>
      <p class="tools">
        {route.value.view !== "graph" && graphName(found) !== "" && !route.value.selectedIn && (
          <button
            onClick={() =>
              navigate({
                view: "graph",
                filter: "",
                selected: graphName(found),
                openOps: [...new Set([...route.value.openOps, ...ancestors(graphName(found))])],
                graphView: { ...route.value.graphView, function: "", box: "" },
              })
            }
          >
            show in graph
          </button>
        )}
        <Copy text={() => found.name} label="copy the name" />
      </p>
      {found.variables.map((variable, index) => (
        <VariablePart key={index} found={variable} />
      ))}
      {found.variables[0] && (
        <StoredValues
          model={model}
          name={found.variables[0].variable.name}
          size={found.variables[0].variable.size_bytes ?? 0}
        />
      )}
      {found.variable_scopes.map((scope) => (
        <VariableScopePart key={scope.path} found={scope} />
      ))}
      {found.scopes.map((scope) => (
        <ScopePart key={scope.path} found={scope} />
      ))}
      {found.ops.map((op) => (
        <OpPart key={op.name} found={op} />
      ))}
      {found.functions.map((one) => (
        <Part key={one.name} title="function">
          <Fact name="ops">{count(one.ops)}</Fact>
          <Fact name="arguments">
            {one.arguments.map((text) => (
              <div key={text} class="mono">
                {printable(text)}
              </div>
            ))}
          </Fact>
          <Fact name="results">
            {one.results.map((text) => (
              <div key={text} class="mono">
                {printable(text)}
              </div>
            ))}
          </Fact>
        </Part>
      ))}
      {found.collections.map((one) => (
        <Part key={one.name} title="collection">
          <Fact name="members">
            <Listed
              items={one.members}
              show={(member) =>
                member.target ? <Name name={member.target} /> : <span class="mono">{printable(member.text)}</span>
              }
            />
          </Fact>
        </Part>
      ))}
    </>
  );
}

// The op or scope of the main graph that stands for what is selected.
function graphName(found: Detail): string {
  const handle = found.variables[0]?.variable.handle_op;
  if (handle) return handle;
  const op = found.ops.find((one) => !one.function);
  return (
    op?.name ?? found.scopes[0]?.path ?? found.variable_scopes[0]?.call_sites.find((site) => !site.program)?.scope ?? ""
  );
}
