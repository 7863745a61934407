// What is selected, in full: everything that stands under one name.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { api } from "../../lib/api";
import { useQuery } from "../../lib/use_query";
import { Copy } from "../../lib/copy";
import { attribute, bytes, count, cut, plural, printable, shape } from "../../lib/format";
import { Segments } from "../../lib/path";
import { Splitter } from "../../app/splitter";
import { StoredValues } from "./stored_values";
import { ancestors, route, enterFunction, navigate, toggleSelected, functionPath } from "../../app/route";
import type {
  Access,
  CallSite,
  Detail,
  OpDetail,
  ScopeDetail,
  VariableDetail,
  VariableScopeDetail,
} from "../../lib/schema";

export function Inspector() {
  const { selected, selectedIn, graphView } = route.value;
  const model = selectedIn || route.value.model;
  // What is selected in the body of a function is called as the command line calls it: `function: op`. With nothing
  // selected there it is the function that is told.
  const body = route.value.view === "graph" ? graphView.function : "";
  const name = selected && body ? `${body}: ${selected}` : selected || body;
  const result = useQuery(model && name ? `${model} ${name}` : null, () => api.show(model, name));
  return (
    <aside class="inspector" aria-label="What is selected">
      <Splitter side="right" />
      <div class="about">
        {selected && graphView.also.length > 0 && route.value.view === "graph" && (
          <SeveralPart names={[selected, ...graphView.also]} />
        )}
        {graphView.link.length > 0 && route.value.view === "graph" && <LinkPart />}
        {!name && !graphView.link.length && (
          <p class="empty">Select a scope, an op or a variable to see all of it here.</p>
        )}
        {result.error && name && <p class="trouble">{result.error}</p>}
        {name && result.answer && <Everything found={result.answer} />}
      </div>
    </aside>
  );
}

function Everything({ found }: { found: Detail }) {
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
          model={route.value.selectedIn || route.value.model}
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

// What several have in common: the variables that the computation of each of them uses.
function SeveralPart({ names }: { names: string[] }) {
  const { model, graphView } = route.value;
  const { answer: common } = useQuery(graphView.function ? null : JSON.stringify([model, names]), () =>
    api.commonVariables(model, names),
  );
  const rest = common ? common.total_variables - common.variables.length : 0;
  return (
    <Part title={`${names.length} selected`}>
      <Fact name="these">
        {names.map((name) => (
          <div key={name}>
            <Name name={name} />{" "}
            <button
              class="link"
              aria-label={`leave out ${printable(name)}`}
              title="leave out"
              onClick={() => toggleSelected(name)}
            >
              ×
            </button>
          </div>
        ))}
      </Fact>
      <Fact name="all use">
        {common &&
          (common.total_variables ? (
            common.variables.map((name) => (
              <div key={name}>
                <Name name={name} />
              </div>
            ))
          ) : (
            <span class="quiet">no variable in common</span>
          ))}
      </Fact>
      <Fact name="">{rest > 0 ? `… ${count(rest)} more` : ""}</Fact>
    </Part>
  );
}

const EDGES = 100;

function LinkPart() {
  const { model, graphView } = route.value;
  const [scope, source, target] = graphView.link;
  const parameters = {
    scope,
    source,
    target,
    function: graphView.function,
    role: graphView.roles,
    show: graphView.shown,
    unfold: graphView.unfolded,
    plumbing: graphView.drawsPlumbing,
    items: graphView.items,
    limit: EDGES,
  };
  const result = useQuery(JSON.stringify([model, parameters]), () => api.graphEdges(model, parameters));
  const found = result.answer;
  if (result.error) return <p class="trouble">{result.error}</p>;
  if (!found) return null;
  return (
    <>
      <h2 class="mono">
        {printable(found.source)} → {printable(found.target)}
      </h2>
      <Part title={plural(found.total, "edge")}>
        {found.edges.map((edge, index) => (
          <Fact key={index} name={edge.port < 0 ? "control" : edge.writes ? "write" : `input ${edge.slot}`}>
            <Name name={edge.source} />
            {edge.argument && `:${printable(edge.argument)}`}
            {edge.port > 0 && `:${edge.port}`}{" "}
            <span class="quiet mono">
              {edge.dtype ?? ""}
              {edge.shape_known ? shape(edge.shape) : ""}
            </span>
            <div>
              → <Name name={edge.target} />
            </div>
          </Fact>
        ))}
      </Part>
      {found.total > found.edges.length && <p class="quiet">… {count(found.total - found.edges.length)} more</p>}
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

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="part">
      <h3>{title}</h3>
      <dl>{children}</dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  if (
    children === "" ||
    children === false ||
    children === null ||
    children === undefined ||
    (Array.isArray(children) && !children.length)
  )
    return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

// A name that leads on; what lies in the scope that is told goes by the rest of its name.
function Name({ name, under = "" }: { name: string; under?: string }) {
  const text = printable(under && name.startsWith(`${under}/`) ? name.slice(under.length + 1) : name);
  return (
    <button
      class="link mono"
      title={name}
      onClick={() => navigate({ selected: name, selectedIn: route.value.selectedIn })}
    >
      <Segments text={text} />
    </button>
  );
}

const FIRST = 12; // of a list, until more are asked for

// A list of which the first are shown, and the others when they are asked for; what the server left out is counted.
function Listed<Item>({
  items,
  show,
  total = items.length,
  kind = "",
}: {
  items: readonly Item[];
  show: (item: Item) => ComponentChildren;
  total?: number;
  kind?: string;
}) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole || items.length <= FIRST + 2 ? items : items.slice(0, FIRST);
  const rest = total - shown.length;
  return (
    <ul class={`listed ${kind}`}>
      {shown.map((item, index) => (
        <li key={index}>{show(item)}</li>
      ))}
      {rest > 0 && (
        <li>
          {shown.length < items.length ? (
            <button class="link" onClick={() => setWhole(true)}>
              … {count(rest)} more
            </button>
          ) : (
            <span class="quiet">… {count(rest)} more</span>
          )}
        </li>
      )}
    </ul>
  );
}

const RELATIONS: Record<string, string> = {
  home: "the scope that the variable was made in",
  below: "a scope within that one",
  prefixed: "that scope, within another: a tower, a cloned model",
  "re-entry": "that scope, entered again: TensorFlow added _1 to its name",
  cross: "a scope of another name",
};

function CallSites({ sites }: { sites: CallSite[] }) {
  return (
    <Listed
      kind="sites"
      items={sites}
      show={(site) => (
        <>
          <Name name={site.scope || "(root)"} />{" "}
          <span class={`relation ${site.relation}`} title={RELATIONS[site.relation]}>
            {site.relation}
          </span>
          {site.times > 1 && <span class="quiet"> {site.times} times</span>}
          {site.program && <span class="quiet"> in {printable(site.program)}</span>}
        </>
      )}
    />
  );
}

// Who reads or writes, by what for.
function Accesses({ found }: { found: Access[] }) {
  const roles = [...new Set(found.map((access) => access.role))];
  return (
    <>
      {roles.map((role) => (
        <div key={role}>
          <span class="role">{role}</span>{" "}
          <Listed items={found.filter((access) => access.role === role)} show={(access) => <Name name={access.op} />} />
        </div>
      ))}
    </>
  );
}

function VariablePart({ found: { variable, use } }: { found: VariableDetail }) {
  const trainable = variable.trainable === null ? "" : variable.trainable ? "trainable" : "not trainable";
  return (
    <Part title={`variable (${variable.kind})`}>
      <Fact name="type">
        <span class="mono">
          {variable.dtype} {shape(variable.shape)}
        </span>
      </Fact>
      <Fact name="size">{`${plural(variable.parameters ?? 0, "parameter")}, ${bytes(variable.size_bytes)}`}</Fact>
      <Fact name="is">{trainable}</Fact>
      {variable.note && (
        <Fact name="note">
          <b class="warning">{variable.note}</b>
        </Fact>
      )}
      <Fact name={use.uses > 1 ? `used at ${use.uses} call sites` : "used at"}>
        {use.call_sites.length ? <CallSites sites={use.call_sites} /> : <span class="quiet">{use.unread}</span>}
      </Fact>
      <Fact name="initializer">
        {variable.initializer ? <span class="mono">{initializer(variable.initializer)}</span> : ""}
      </Fact>
      <Fact name="made by">
        {variable.handle_op && variable.handle_op !== variable.name ? <Name name={variable.handle_op} /> : ""}
      </Fact>
      <Fact name="written by">{use.writers.length > 0 && <Accesses found={use.writers} />}</Fact>
      <Fact name="read by">{use.readers.length > 0 && <Accesses found={use.readers} />}</Fact>
      {use.belongs_to && (
        <Fact name="exists for">
          {use.belongs_to.primary ? <Name name={use.belongs_to.primary} /> : "an optimizer"}{" "}
          <span class="quiet">
            {use.belongs_to.kind}, rule {use.belongs_to.rule}
          </span>
        </Fact>
      )}
      <Fact name="auxiliary variables">
        {use.slots.length > 0 && (
          <Listed
            items={use.slots}
            show={(slot) => (
              <>
                <Name name={slot.variable} under={variable.name} />{" "}
                <span class="quiet" title={`found by rule ${slot.rule}`}>
                  {slot.holds || slot.kind}
                </span>
              </>
            )}
          />
        )}
      </Fact>
      <Fact name="collections">
        {variable.collections.length ? (
          <span class="names">
            {variable.collections.map((name) => (
              <Name key={name} name={name} />
            ))}
          </span>
        ) : (
          ""
        )}
      </Fact>
      <Fact name="checkpoint keys">
        {variable.checkpoint_keys.map((key) => (
          <div key={key} class="mono">
            {printable(key)}
          </div>
        ))}
      </Fact>
      <Fact name="object paths">
        {variable.object_paths.map((path) => (
          <div key={path} class="mono">
            {printable(path)}
          </div>
        ))}
      </Fact>
      <Fact name="device">{printable(variable.device)}</Fact>
      <Fact name="parts">
        {variable.parts.map((part) => (
          <div key={part.name} class="mono">
            {printable(part.name)} at {JSON.stringify(part.offset)}
          </div>
        ))}
      </Fact>
    </Part>
  );
}

function initializer(found: { kind: string; arguments: Record<string, unknown>; resembles: string }): string {
  const given = Object.entries(found.arguments).map(
    ([name, value]) => `${name}=${typeof value === "number" ? Number(value.toPrecision(6)) : String(value)}`,
  );
  return printable(`${found.kind}(${given.join(", ")})${found.resembles ? ` = ${found.resembles}` : ""}`);
}

function VariableScopePart({ found }: { found: VariableScopeDetail }) {
  return (
    <Part title="variable scope">
      <Fact name="holds">
        {found.total_variables > found.attached &&
          `${plural(found.total_variables - found.attached, "variable")}, ${plural(found.parameters, "parameter")}, ${bytes(found.size_bytes)} `}
        {found.attached > 0 && (
          <span class="quiet">
            {found.total_variables > found.attached && "and "}
            {plural(found.attached, "slot or average", "slots and averages")}
          </span>
        )}
      </Fact>
      <Fact name="entered at">{found.call_sites.length ? <CallSites sites={found.call_sites} /> : ""}</Fact>
      <Fact name="variables">
        <Listed
          items={found.variables}
          total={found.total_variables}
          show={(one) => (
            <span class="item">
              <Name name={one.name} under={found.path} /> <span class="quiet mono">{shape(one.shape)}</span>
            </span>
          )}
        />
      </Fact>
    </Part>
  );
}

function ScopePart({ found }: { found: ScopeDetail }) {
  const counted = (numbers: Record<string, number | undefined>) =>
    Object.entries(numbers)
      .slice(0, FIRST)
      .map(([name, number]) => `${printable(name)} ${number}`)
      .join(", ") +
    (Object.keys(numbers).length > FIRST ? `, … ${count(Object.keys(numbers).length - FIRST)} more types` : "");
  return (
    <Part title="op scope">
      <Fact name="ops">{count(found.ops)}</Fact>
      <Fact name="edges">{`${count(found.edges_in)} in, ${count(found.edges_out)} out`}</Fact>
      <Fact name="types">{counted(found.op_types)}</Fact>
      <Fact name="roles">{counted(found.roles)}</Fact>
      <Fact name="uses">
        {found.total_variables > 0 && (
          <>
            {plural(found.total_variables, "variable")}, {plural(found.parameters, "parameter")}
            {found.shared > 0 && (
              <>
                , <b class="shared">{count(found.shared)} shared</b>
              </>
            )}
            <Listed
              items={found.variables}
              total={found.total_variables}
              show={(name) => <Name name={name} under={found.path} />}
            />
          </>
        )}
      </Fact>
      <Fact name="devices">{found.devices.map(printable).join(", ")}</Fact>
    </Part>
  );
}

// An attribute that names a function of the library.
function isFunction(value: unknown): value is { name: string } {
  return typeof value === "object" && value !== null && "name" in value && "attributes" in value;
}

function OpPart({ found }: { found: OpDetail }) {
  return (
    <Part title="op">
      <Fact name="type">
        <b>{printable(found.type)}</b> <span class="role">{found.role}</span>
      </Fact>
      <Fact name="device">{printable(found.device)}</Fact>
      <Fact name="function">{found.function ? printable(found.function) : ""}</Fact>
      <Fact name="inputs">
        {[
          ...found.inputs.map((link, index) => (
            <div key={index}>
              {link.port < 0 ? "^" : ""}
              <Name name={link.op} />
              {link.port > 0 ? `:${link.port}` : ""}{" "}
              <span class="quiet mono">
                {link.dtype ?? ""}
                {link.shape_known ? shape(link.shape) : ""}
              </span>
            </div>
          )),
          ...found.dangling_inputs.map((text) => (
            <div key={text} class="warning">
              {printable(text)} is not in the graph
            </div>
          )),
        ]}
      </Fact>
      <Fact name="outputs">
        {found.outputs.length > 0 && (
          <Listed
            items={found.outputs}
            show={(output) => (
              <>
                <span class="quiet">:{output.port}</span>{" "}
                <span class="mono">
                  {output.dtype ?? "?"}
                  {output.shape_known ? shape(output.shape) : ""}
                </span>{" "}
                <span class="quiet">{output.readers ? plural(output.readers, "reader") : "not read"}</span>
              </>
            )}
          />
        )}
      </Fact>
      <Fact name="read by">
        {found.consumers.length > 0 && (
          <Listed
            items={found.consumers}
            total={found.total_consumers}
            show={(link) => (
              <>
                <Name name={link.op} /> <span class="quiet">{link.op_type}</span>
              </>
            )}
          />
        )}
      </Fact>
      <Fact name="calls">
        {Object.entries(found.attributes)
          .map(
            ([name, value]) =>
              isFunction(value) && (
                <div key={name}>
                  <span class="quiet">{printable(name)}</span>{" "}
                  <button
                    class="link mono"
                    title="draw its body"
                    onClick={() => enterFunction(value.name, functionPath(route.value))}
                  >
                    {printable(value.name)}
                  </button>
                </div>
              ),
          )
          .filter(Boolean)}
      </Fact>
      <Fact name="attributes">
        {Object.entries(found.attributes).map(([name, value]) => (
          <div key={name}>
            <span class="quiet">{printable(name)}</span> <span class="mono">{cut(attribute(value), 300)}</span>
          </div>
        ))}
      </Fact>
      <Fact name="collections">
        {found.collections.map((name) => (
          <Name key={name} name={name} />
        ))}
      </Fact>
    </Part>
  );
}
