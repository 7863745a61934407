// The layout engine: ELK in a worker of its own, one job per opened scope, each outcome kept by the content of its job.

import ELK from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import { embeddedEngine } from "../../lib/embedded";
import { fallback } from "./fallback";
import { elkJob, isTooLong, largest } from "./layout";
import type { ElkOutcome } from "./outcome";
import type { Placed, Plan } from "./plan";

const PATIENCE_MS = 10_000;
const BRIEF_MS = 300; // what nobody waits for any more is let end for this long: a new engine takes as long to start
const KEPT = 400;

interface Job {
  placed: Promise<Placed>;
  wanted: Set<AbortSignal>; // of the drawings that wait for it
  giveUp: () => void;
}

let engine: InstanceType<typeof ELK> | undefined;
let turn: Promise<unknown> = Promise.resolve(); // of the last job: one at a time, so that ending one ends no other
const jobs = new Map<string, Job>();

export function arrange(made: Plan, stop: AbortSignal): Promise<Placed> {
  stop.throwIfAborted();
  const key = JSON.stringify({ ...made, referencesOf: [...made.referencesOf] });
  const job = jobs.get(key) ?? begin(key, made);
  job.wanted.add(stop);
  const onStop = () => {
    job.wanted.delete(stop);
    window.setTimeout(() => job.wanted.size || job.giveUp(), BRIEF_MS);
  };
  stop.addEventListener("abort", onStop, { once: true });
  return job.placed;
}

function begin(key: string, made: Plan): Job {
  const stop = new AbortController();
  const placed = turn.then(() => layOut(made, stop.signal)).then((outcome) => largest(made, outcome));
  const job: Job = {
    placed,
    wanted: new Set(),
    giveUp: () => {
      jobs.delete(key);
      stop.abort();
    },
  };
  turn = placed.then(
    () => (job.giveUp = () => undefined),
    () => jobs.delete(key),
  );
  jobs.set(key, job);
  const [oldest] = jobs.keys();
  if (jobs.size > KEPT && oldest !== undefined) jobs.delete(oldest);
  return job;
}

// The engine takes a while to load: it starts when a graph is to be shown, and not when its first picture is there.
export function prepare(): void {
  if (typeof Worker !== "undefined") engine ??= started();
}

function started(): InstanceType<typeof ELK> {
  return new ELK({ workerUrl: embeddedEngine() || workerUrl });
}

async function layOut(made: Plan, stop: AbortSignal): Promise<ElkOutcome> {
  stop.throwIfAborted();
  if (isTooLong(made) || typeof Worker === "undefined") return fallback(made);
  engine ??= started();
  const own = engine;
  let timer = 0;
  const late = new Promise<null>((done) => {
    timer = window.setTimeout(() => done(null), PATIENCE_MS);
    stop.addEventListener("abort", () => done(null), { once: true });
  });
  const led = (own.layout(elkJob(made) as never) as Promise<unknown>).catch(() => null);
  const outcome = (await Promise.race([led, late])) as ElkOutcome | null;
  clearTimeout(timer);
  if (outcome) return outcome;
  own.terminateWorker(); // what takes so long is given up, so that nothing waits behind it
  engine = undefined;
  stop.throwIfAborted();
  return fallback(made);
}
