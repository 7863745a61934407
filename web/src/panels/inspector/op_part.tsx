// One op: its type, inputs, outputs, consumers and attributes.

import { attribute, cut, plural, printable, shape } from "../../lib/format";
import { route, enterFunction, functionPath } from "../../app/route";
import type { OpDetail } from "../../lib/schema";
import { Part, Fact, Name, Listed } from "./parts";
import { CodeLines } from "./code_lines";

// An attribute that names a function of the library.
function isFunction(value: unknown): value is { name: string } {
  return typeof value === "object" && value !== null && "name" in value && "attributes" in value;
}

export function OpPart({ found }: { found: OpDetail }) {
  return (
    <Part title="op">
      <Fact name="type">
        <b>{printable(found.type)}</b> <span class="role">{found.role}</span>
      </Fact>
      <Fact name="device">{printable(found.device)}</Fact>
      <Fact name="function">{found.function ? printable(found.function) : ""}</Fact>
      <Fact name="created at">{found.code.length > 0 && <CodeLines frames={found.code} />}</Fact>
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
