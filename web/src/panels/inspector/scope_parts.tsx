// A variable scope, and an op scope.

import { bytes, count, plural, printable, shape } from "../../lib/format";
import type { ScopeDetail, ScopeLine, VariableScopeDetail } from "../../lib/schema";
import { FIRST, Part, Fact, Name, Listed } from "./parts";
import { CallSites } from "./variable_part";
import { CodeLines } from "./code_lines";

// The times that a scope was entered, as a trace recorded them: the reuse flag, where it comes from, the lines.
function Entries({ entries }: { entries: ScopeLine[] }) {
  const flags = { no: "no reuse", yes: "reuse=True", auto: "AUTO_REUSE" };
  return (
    <Listed
      items={entries}
      show={(entry) => (
        <>
          {entry.kind === "name_scope" ? "name scope" : flags[entry.reuse]}
          {entry.reuse_origin && <span class="quiet"> {printable(entry.reuse_origin)}</span>}
          {entry.times > 1 && <span class="quiet"> {entry.times} times</span>}
          <CodeLines frames={entry.frames} />
        </>
      )}
    />
  );
}

export function VariableScopePart({ found }: { found: VariableScopeDetail }) {
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
      <Fact name="flags">{found.entries.length > 0 && <Entries entries={found.entries} />}</Fact>
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

export function ScopePart({ found }: { found: ScopeDetail }) {
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
      <Fact name="entered">{found.entries.length > 0 && <Entries entries={found.entries} />}</Fact>
      <Fact name="devices">{found.devices.map(printable).join(", ")}</Fact>
    </Part>
  );
}
