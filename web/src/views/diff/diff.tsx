// Two artifacts: the verdict, what became of every variable, the rules that explain the renames, and the map to use.

import { api } from "../../lib/api";
import { count, plural } from "../../lib/format";
import type { DiffReport } from "../../lib/schema";
import { useQuery } from "../../lib/use_query";
import { ModelOptions } from "../../app/models";
import { afresh, counterpart, models } from "../../app/open_models";
import { route, navigate } from "../../app/route";
import { OpTrees, Ribbons } from "./diff_pictures";
import { EditBar } from "./edit_bar";
import { Entries, PAGE } from "./entries";
import { AssignmentMap, OpenGroups, Rules } from "./rename_rules";
import { MARKS, type Sides, sidesOf, type Status, STATUSES, wordsOf } from "./sides";
import { TakeAway } from "./take_away";
import { show, Verdict } from "./verdict";

export function Diff() {
  const { model, other, filter, edits } = route.value;
  const second = models.value.some((one) => one.id === other) ? other : counterpart(model);
  const chosen = filter.split(" ").filter((word): word is Status => STATUSES.includes(word as Status));
  const key = JSON.stringify([model, second, chosen, edits]);
  const ask = () => api.diff(model, second, { status: chosen, limit: PAGE, edits });
  const result = useQuery(model && second ? key : null, ask);
  const sides = sidesOf(result.answer, second);
  return (
    <section class="view" aria-label="Diff">
      <div class="bar">
        <Side letter="A" role={sides.a} value={model} onPick={(id) => navigate({ ...afresh(id), other: second })} />
        <button
          aria-label="swap the sides"
          title="swap the sides"
          onClick={() => navigate({ ...afresh(second), other: model })}
        >
          ⇄
        </button>
        <Side
          letter="B"
          role={sides.b}
          value={second}
          onPick={(id) => navigate({ other: id, filter: "", edits: "" })}
        />
      </div>
      {models.value.length < 2 && (
        <p class="empty">
          A diff needs two artifacts. Open another one with “open…” above, or drop a file on the page.
        </p>
      )}
      {result.error && (
        <p class="trouble">
          {result.error} {edits && <button onClick={() => navigate({ edits: "" })}>undo all edits</button>}
        </p>
      )}
      {result.isWaiting && !result.answer && second && <Comparing ids={[model, second]} />}
      {result.answer && second && (
        <Report key={`${model} ${second}`} report={result.answer} chosen={chosen} a={model} b={second} sides={sides} />
      )}
    </section>
  );
}

function Comparing({ ids }: { ids: string[] }) {
  const sizes = ids
    .map((id) => models.value.find((one) => one.id === id))
    .map((one) => (one?.ops ? plural(one.ops, "op") : "a checkpoint"));
  return (
    <div class="welcome" role="status">
      <p>Comparing {sizes.join(" and ")}: names, shapes, checksums, and the op trees of two graphs.</p>
      <div class="progress" />
      <p class="quiet">Other views can be looked at meanwhile.</p>
    </div>
  );
}

interface SideProps {
  letter: string;
  role: string;
  value: string;
  onPick: (id: string) => void;
}

function Side({ letter, role, value, onPick }: SideProps) {
  return (
    <label class="side">
      {role}{" "}
      <select
        aria-label={`side ${letter}: ${role}`}
        value={value}
        onChange={(event) => onPick(event.currentTarget.value)}
      >
        <ModelOptions only={(model) => model.state === "ready"} />
      </select>
    </label>
  );
}

interface ReportProps {
  report: DiffReport;
  chosen: Status[];
  a: string;
  b: string;
  sides: Sides;
}

function Report({ report, chosen, a, b, sides }: ReportProps) {
  const counts = report.summary as Record<Status, number>;
  const toggle = (status: Status) =>
    navigate({
      filter: (chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status]).join(" "),
    });
  return (
    <div class="scroll">
      <Verdict report={report} sides={sides} a={a} b={b} />
      <div class="chips" role="group" aria-label="what to show">
        {STATUSES.filter((status) => counts[status] || chosen.includes(status)).map((status) => (
          <button
            key={status}
            class={`chip ${status} ${chosen.includes(status) ? "on" : ""}`}
            aria-pressed={chosen.includes(status)}
            onClick={(event) => {
              toggle(status);
              if (!chosen.includes(status)) show("entries")(event);
            }}
          >
            {MARKS[status]} {count(counts[status])} {wordsOf(status, sides)}
          </button>
        ))}
      </div>
      <EditBar a={a} b={b} report={report} />
      <Ribbons
        a={a}
        b={b}
        sides={sides}
        statuses={chosen}
        entries={STATUSES.reduce((sum, status) => sum + counts[status], 0)}
      />
      <TakeAway a={a} b={b} />
      <Rules rules={report.folded_rules} />
      <AssignmentMap map={report.assignment_map} />
      <OpenGroups groups={report.open_groups} sides={sides} />
      <Entries key={chosen.join(" ")} report={report} chosen={chosen} a={a} b={b} sides={sides} />
      {report.graph && <OpTrees graph={report.graph} />}
    </div>
  );
}
