// The layout engine: ELK in a worker of its own, one job per opened scope, each outcome kept by the content of its job.

import ELK from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import { type ElkOutcome, elkJob, fallback, place, type Placed, type Plan } from "./plan";

const MOST_LINES = 1500; // above, layers are enough: a layout of more takes seconds, and nobody follows its lines
const PATIENCE_MS = 10_000;
const KEPT = 400;

let engine: InstanceType<typeof ELK> | undefined;
const outcomes = new Map<string, Promise<Placed>>();

export function arrange(made: Plan): Promise<Placed> {
  const key = JSON.stringify(made);
  const known = outcomes.get(key);
  if (known) return known;
  const asked = laidOut(made).then((outcome) => place(made, outcome));
  outcomes.set(key, asked);
  const [oldest] = outcomes.keys();
  if (outcomes.size > KEPT && oldest !== undefined) outcomes.delete(oldest);
  return asked;
}

// The engine takes a while to load: it starts when the graph is shown, and not when its first picture is there.
export function prepare(): void {
  if (typeof Worker !== "undefined") engine ??= new ELK({ workerUrl });
}

async function laidOut(made: Plan): Promise<ElkOutcome> {
  if (made.lines.length > MOST_LINES || typeof Worker === "undefined") return fallback(made);
  engine ??= new ELK({ workerUrl });
  const own = engine;
  let timer = 0;
  const late = new Promise<null>((done) => (timer = window.setTimeout(() => done(null), PATIENCE_MS)));
  const outcome = await Promise.race([(own.layout(elkJob(made) as never) as Promise<unknown>).catch(() => null), late]);
  clearTimeout(timer);
  if (outcome) return outcome as ElkOutcome;
  if (engine === own) {
    own.terminateWorker(); // what takes so long is given up, so that nothing waits behind it
    engine = undefined;
  }
  return fallback(made);
}
