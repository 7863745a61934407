// Several that are selected together, and a link of the graph.

import { api } from "../../lib/api";
import { useQuery } from "../../lib/use_query";
import { count, plural, printable, shape } from "../../lib/format";
import { route, toggleSelected } from "../../app/route";
import { Part, Fact, Name } from "./parts";

// What several have in common: the variables that the computation of each of them uses.
export function SeveralPart({ names }: { names: string[] }) {
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

export function LinkPart() {
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
