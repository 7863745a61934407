// Findings by rule, each with what shows it and a way to the place.

import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../../lib/api";
import { useAsked } from "../../lib/use_query";
import { count, plural, printable } from "../../lib/format";
import { ModelOptions } from "../../app/models";
import { SaveTable } from "../../lib/save_table";
import { at, current, go, models, ownCheckpoint } from "../../app/state";
import type { Finding } from "../../lib/schema";

const SEVERITIES = ["error", "warning", "info"] as const;

const NONE = "none"; // no checkpoint is restored, although one is open
const SHOWN = 100; // findings of one rule, until more are asked for

export function Lint() {
  const { model, filter, other } = at.value;
  const checkpoints = models.value.filter((one) => one.id !== model && one.state === "ready" && one.holds_values);
  const isGraph = (current.value?.ops ?? 0) > 0 && !current.value?.holds_values;
  const against = checkpoints.some((one) => one.id === other)
    ? other
    : other === NONE || !isGraph
      ? ""
      : ownCheckpoint(model);
  const asked = useAsked(model ? `lint ${model} ${against}` : null, () => api.lint(model, against));
  const hidden = filter.split(" ");
  const found = (asked.answer?.findings ?? []).filter((finding) => !hidden.includes(finding.severity));
  const rules = new globalThis.Map<string, Finding[]>();
  for (const finding of found) rules.set(finding.code, [...(rules.get(finding.code) ?? []), finding]);
  const toggle = (severity: string) =>
    go({
      filter: (hidden.includes(severity) ? hidden.filter((one) => one !== severity) : [...hidden, severity])
        .filter(Boolean)
        .join(" "),
    });
  const frame = useScroll(asked.answer);
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
            {plural(asked.answer?.counts[severity] ?? 0, severity === "info" ? "note" : severity)}
          </button>
        ))}
        {checkpoints.length > 0 && (
          <label class="side">
            restoring{" "}
            <select
              aria-label="checkpoint to restore"
              value={against || NONE}
              onChange={(event) => go({ other: event.currentTarget.value })}
            >
              <option value={NONE}>no checkpoint</option>
              <ModelOptions without={model} only={(one) => one.state === "ready" && one.holds_values} />
            </select>
          </label>
        )}
        <span class="grow" />
        {asked.answer && (
          <SaveTable
            name="findings"
            answer={asked.answer}
            columns={["code", "rule", "severity", "where", "message", "evidence"]}
            rows={found}
          />
        )}
        {asked.answer && <span class="quiet">{plural(asked.answer.rules_applied.length, "rule")} applied</span>}
      </div>
      {asked.error && <p class="trouble">{asked.error}</p>}
      {asked.isWaiting && !asked.answer && <p class="quiet pad">Looking…</p>}
      {asked.answer && found.length === 0 && (
        <p class="empty">
          {asked.answer.findings.length
            ? "All that was found is hidden: choose above what to show."
            : checkpoints.length && !against
              ? "Nothing found. A checkpoint can be held against it above."
              : "Nothing found."}
        </p>
      )}
      <div class="scroll" ref={frame}>
        {[...rules.values()].map((group) => (
          <RuleFindings key={group[0]!.code} group={group} />
        ))}
      </div>
    </section>
  );
}

// How far one had read is kept for the way back from a place.
const scrolled = new globalThis.Map<string, number>();

function useScroll(answer: unknown) {
  const frame = useRef<HTMLDivElement>(null);
  const key = at.value.model;
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

function RuleFindings({ group }: { group: Finding[] }) {
  const [most, setMost] = useState(SHOWN);
  const first = group[0]!;
  const select = (name: string) => go({ selected: name });
  return (
    <article class={`rule ${first.severity}`}>
      <h3>
        <span class={`sign ${first.severity}`}>{first.severity}</span> {first.code} {first.rule}{" "}
        {group.length > 1 && <span class="quiet">{count(group.length)} times</span>}
      </h3>
      <p class="quiet">
        Fix: <Prose text={first.fix.replace(/\s+/g, " ")} />
      </p>
      <ul>
        {group.slice(0, most).map((finding) => (
          <li
            key={finding.where + finding.message}
            class={finding.leads_to !== "" && finding.leads_to === at.value.selected ? "selected" : ""}
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
                {printable(finding.evidence.slice(0, 12).join(", "))}
                {finding.total_evidence > 12 ? `, … ${count(finding.total_evidence - 12)} more` : ""}
              </p>
            )}
          </li>
        ))}
      </ul>
      {group.length > most && (
        <button class="link" onClick={() => setMost(most + SHOWN)}>
          … {count(group.length - most)} more
        </button>
      )}
    </article>
  );
}

// Rules write code between backticks.
function Prose({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part))}</>;
}
