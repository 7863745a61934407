// Findings by rule, each with what shows it and a way to the place.

import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../../lib/api";
import { useQuery } from "../../lib/use_query";
import { count, plural, printable } from "../../lib/format";
import { ModelOptions } from "../../app/models";
import { NameLink } from "../../lib/name_link";
import { SaveTable } from "../../lib/save_table";
import { current, models, ownCheckpoint } from "../../app/open_models";
import { route, navigate } from "../../app/route";
import type { EvidencePart, Finding, LintReport } from "../../lib/schema";

const SEVERITIES = ["error", "warning", "info"] as const;

const NONE = "none"; // no checkpoint is restored, although one is open
const SHOWN = 20; // findings of one rule, until more are asked for
const MORE = 100;

export function Lint() {
  const { model, filter, other } = route.value;
  const checkpoints = models.value.filter((one) => one.id !== model && one.state === "ready" && one.holds_values);
  const isGraph = (current.value?.ops ?? 0) > 0 && !current.value?.holds_values;
  const against = checkpoints.some((one) => one.id === other)
    ? other
    : other === NONE || !isGraph
      ? ""
      : ownCheckpoint(model);
  const revision = checkpoints.find((one) => one.id === against)?.revision ?? 0;
  const question = model ? JSON.stringify([model, against, revision]) : null;
  const result = useQuery(question, () => api.lint(model, against), "lint");
  const hidden = filter.split(" ");
  const found = (result.answer?.findings ?? []).filter((finding) => !hidden.includes(finding.severity));
  const rules = new globalThis.Map<string, Finding[]>();
  for (const finding of found) rules.set(finding.code, [...(rules.get(finding.code) ?? []), finding]);
  const toggle = (severity: string) =>
    navigate({
      filter: (hidden.includes(severity) ? hidden.filter((one) => one !== severity) : [...hidden, severity])
        .filter(Boolean)
        .join(" "),
    });
  const frame = useScroll(result.answer);
  return (
    <section class="view" aria-label="Lint">
      <div class="bar">
        {SEVERITIES.map((severity) => (
          <button
            key={severity}
            class={`chip ${severity} ${hidden.includes(severity) ? "" : "on"}`}
            aria-pressed={!hidden.includes(severity)}
            onClick={() => toggle(severity)}
          >
            {plural(result.answer?.counts[severity] ?? 0, severity === "info" ? "note" : severity)}
          </button>
        ))}
        {checkpoints.length > 0 && (
          <label class="side">
            restoring{" "}
            <select
              aria-label="checkpoint to restore"
              value={against || NONE}
              onChange={(event) => navigate({ other: event.currentTarget.value })}
            >
              <option value={NONE}>no checkpoint</option>
              <ModelOptions without={model} only={(one) => one.state === "ready" && one.holds_values} />
            </select>
          </label>
        )}
        <span class="grow" />
        {result.answer && (
          <SaveTable
            name="findings"
            answer={result.answer}
            columns={["code", "rule", "severity", "where", "message", "evidence"]}
            rows={found}
          />
        )}
      </div>
      {result.error && <p class="trouble">{result.error}</p>}
      {result.isWaiting && !result.answer && <p class="quiet pad">Checking…</p>}
      <div class="scroll" ref={frame}>
        {result.answer && <Verdict report={result.answer} against={against} />}
        {result.answer && found.length === 0 && (
          <p class="empty">
            {result.answer.findings.length
              ? "All findings are hidden: choose above what to show."
              : checkpoints.length && !against
                ? "A checkpoint can be compared above."
                : ""}
          </p>
        )}
        {[...rules.values()].map((group) => (
          <RuleFindings key={group[0]!.code} group={group} checkpoint={against} />
        ))}
      </div>
    </section>
  );
}

// How far one had read is kept for the way back from a place.
const scrolled = new globalThis.Map<string, number>();

function useScroll(answer: unknown) {
  const frame = useRef<HTMLDivElement>(null);
  const key = route.value.model;
  useEffect(() => {
    const element = frame.current;
    if (!element || !answer) return;
    element.scrollTop = scrolled.get(key) ?? 0;
    const keep = () => scrolled.set(key, element.scrollTop);
    element.addEventListener("scroll", keep);
    return () => element.removeEventListener("scroll", keep);
  }, [key, answer]);
  return frame;
}

// The verdict of a restore, and how much was found, as the terminal says them.
function Verdict({ report, against }: { report: LintReport; against: string }) {
  const { verdict, counts, rules_applied: rules, rules_undecided: undecided } = report;
  const listed = SEVERITIES.filter((severity) => counts[severity]).map((severity) =>
    plural(counts[severity]!, severity === "info" ? "note" : severity),
  );
  return (
    <div class="verdict">
      {verdict && (
        <p class={`sentence ${verdict.succeeds ? "good" : "bad"}`}>
          {printable(verdict.sentence)}.{" "}
          <button class="link" onClick={() => navigate({ view: "diff", other: against, filter: "" })}>
            compare them
          </button>
        </p>
      )}
      <p class="sentence">{`${listed.join(", ") || "Nothing found"} (${plural(rules.length, "rule")} applied)`}</p>
      {undecided.length > 0 && (
        <p class="trouble">{`Not applied: ${undecided.join(", ")}: ${report.rules_skipped[undecided[0]!]}`}</p>
      )}
    </div>
  );
}

function RuleFindings({ group, checkpoint }: { group: Finding[]; checkpoint: string }) {
  const [most, setMost] = useState(SHOWN);
  const [isExplained, setExplained] = useState(false);
  const first = group[0]!;
  const select = (name: string) => navigate({ selected: name });
  return (
    <article class={`rule ${first.severity}`}>
      <h2>
        <span class={`sign ${first.severity}`}>{first.severity}</span>{" "}
        <button
          class="link"
          aria-expanded={isExplained}
          title="what this rule finds, and why"
          onClick={() => setExplained(!isExplained)}
        >
          {first.code} {first.rule}
        </button>{" "}
        {group.length > 1 && <span class="quiet">{count(group.length)} times</span>}
      </h2>
      {isExplained && <Explanation code={first.code} />}
      <p class="quiet">
        Fix: <Prose text={first.fix.replace(/\s+/g, " ")} />
      </p>
      <ul>
        {group.slice(0, most).map((finding) => (
          <li
            key={finding.where + finding.message}
            class={finding.leads_to !== "" && finding.leads_to === route.value.selected ? "selected" : ""}
          >
            {finding.leads_to === "" ? (
              <Prose text={printable(finding.message)} />
            ) : (
              <button class="link" title={finding.leads_to} onClick={() => select(finding.leads_to)}>
                <Prose text={printable(finding.message)} />
              </button>
            )}
            {finding.evidence.length > 0 && (
              <p class="mono quiet">
                {finding.evidence_parts.slice(0, 12).map((parts, index) => (
                  <>
                    {index > 0 && ", "}
                    <Evidence key={index} parts={parts} checkpoint={checkpoint} />
                  </>
                ))}
                {finding.total_evidence > 12 ? `, … ${count(finding.total_evidence - 12)} more` : ""}
              </p>
            )}
          </li>
        ))}
      </ul>
      {group.length > most && (
        <button class="link" onClick={() => setMost(most + MORE)}>
          … {count(group.length - most)} more
        </button>
      )}
    </article>
  );
}

function Explanation({ code }: { code: string }) {
  const { answer, error } = useQuery(`rule ${code}`, () => api.rule(code));
  if (error) return <p class="trouble">{error}</p>;
  if (!answer) return <p class="quiet">…</p>;
  return (
    <div class="explanation">
      <p>
        <Prose text={answer.summary} />
      </p>
      <p>
        Why: <Prose text={answer.why.replace(/\s+/g, " ")} />
      </p>
      <p>
        Example: <Prose text={answer.example.replace(/\s+/g, " ")} />
      </p>
    </div>
  );
}

// Names lead to what has them.
function Evidence({ parts, checkpoint }: { parts: EvidencePart[]; checkpoint: string }) {
  return (
    <>
      {parts.map(({ text, kind, sign }) => (
        <>
          {sign && ` ${sign} `}
          {kind ? <NameLink name={text} model={kind === "checkpoint_key" ? checkpoint : ""} /> : printable(text)}
        </>
      ))}
    </>
  );
}

// Rules write code between backticks.
function Prose({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part))}</>;
}
