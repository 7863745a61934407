// Findings by rule, each with what shows it and a way to the place.

import { api } from "./api";
import { useAsked } from "./asked";
import { plural, printable } from "./format";
import { SaveTable } from "./save_table";
import { at, go } from "./state";
import type { Finding } from "./schema";

const SEVERITIES = ["error", "warning", "info"] as const;

export function Lint() {
  const { model, filter } = at.value;
  const asked = useAsked(model ? `lint ${model}` : null, () => api.lint(model));
  const hidden = filter.split(" ");
  const found = (asked.answer?.findings ?? []).filter((finding) => !hidden.includes(finding.severity));
  const rules = new globalThis.Map<string, Finding[]>();
  for (const finding of found) rules.set(finding.code, [...(rules.get(finding.code) ?? []), finding]);
  const toggle = (severity: string) =>
    go({ filter: (hidden.includes(severity) ? hidden.filter((one) => one !== severity) : [...hidden, severity]).filter(Boolean).join(" ") });
  return (
    <section class="view" aria-label="Lint">
      <div class="bar">
        {SEVERITIES.map((severity) => (
          <button key={severity} class={`chip ${severity} ${hidden.includes(severity) ? "" : "on"}`} aria-pressed={!hidden.includes(severity)} onClick={() => toggle(severity)}>
            {plural(asked.answer?.counts[severity] ?? 0, severity === "info" ? "note" : severity)}
          </button>
        ))}
        <span class="grow" />
        {asked.answer && <SaveTable name="findings" answer={asked.answer} columns={["code", "rule", "severity", "where", "message", "evidence"]} rows={found} />}
        {asked.answer && <span class="quiet">{plural(asked.answer.rules_applied.length, "rule")} applied</span>}
      </div>
      {asked.error && <p class="trouble">{asked.error}</p>}
      {asked.isWaiting && !asked.answer && <p class="quiet pad">Looking…</p>}
      {asked.answer && found.length === 0 && <p class="empty">Nothing found.</p>}
      <div class="scroll">
        {[...rules.values()].map((group) => {
          const first = group[0]!;
          return (
            <article key={first.code} class={`rule ${first.severity}`}>
              <h3><span class={`sign ${first.severity}`}>{first.severity}</span> {first.code} {first.rule} <span class="quiet">{group.length > 1 ? group.length : ""}</span></h3>
              <p class="quiet">Fix: {first.fix.replace(/\s+/g, " ")}</p>
              <ul>
                {group.slice(0, 100).map((finding) => (
                  <li key={finding.where + finding.message}>
                    {finding.leads_to === "" ? printable(finding.message) : (
                      <button class="link" onClick={() => go({ selected: finding.leads_to })}>{printable(finding.message)}</button>
                    )}
                    {finding.evidence.length > 0 && <p class="mono quiet">{printable(finding.evidence.slice(0, 12).join(", "))}{finding.total_evidence > 12 ? ", …" : ""}</p>}
                  </li>
                ))}
              </ul>
            </article>
          );
        })}
      </div>
    </section>
  );
}
