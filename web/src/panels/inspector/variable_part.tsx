// One variable: shape, call sites, accesses, auxiliary variables, checkpoint keys.

import { bytes, plural, printable, shape } from "../../lib/format";
import type { Access, CallSite, VariableDetail, VariableHistory } from "../../lib/schema";
import { CodeLines } from "./code_lines";
import { Part, Fact, Name, Listed } from "./parts";

const RELATIONS: Record<string, string> = {
  home: "the scope that the variable was made in",
  below: "a scope within that one",
  prefixed: "that scope, within another: a tower, a cloned model",
  "re-entry": "that scope, entered again: TensorFlow added _1 to its name",
  cross: "a scope of another name",
};

export function CallSites({ sites }: { sites: CallSite[] }) {
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
          {site.code.map((stack) => (
            <CodeLines key={stack.op} frames={stack.frames} />
          ))}
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

// What asked for it, as a trace recorded that: the sentence, and the lines of each request.
function History({ found }: { found: VariableHistory }) {
  return (
    <>
      {printable(found.summary)}
      <Listed
        items={found.requests}
        show={(request) => (
          <>
            <span class="quiet">{request.action}</span>
            <CodeLines frames={request.frames} />
          </>
        )}
      />
    </>
  );
}

export function VariablePart({ found: { variable, use } }: { found: VariableDetail }) {
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
      <Fact name="trace">{use.history && <History found={use.history} />}</Fact>
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
