// The JavaScript side of DrainProtocol.cs: says `ready`, begins when it is sent a line with the seconds that it has, stops, and answers one line of
// JSON. The clock runs from where Handled starts it until the database says that nothing is left, for which it is asked only after the last
// call, or until the seconds are over.
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

/** Counts the calls of handlers; see Handled.cs. */
export class Handled {
  count = 0;
  before = 0;

  constructor(expected) {
    this.expected = expected;
    this.warm = Math.max(1, Math.floor(expected / 2));
    this.all = new Promise((resolve) => (this.resolveAll = resolve));
  }

  /** Of a batch that is the whole run the clock starts with the batch, and all of it is timed. */
  add(calls) {
    if (this.count === 0) setTimeout(() => this.startClock(), 5000).unref();
    this.count += calls;
    if (this.count >= this.warm) this.startClock();
    if (this.count === this.expected) this.resolveAll();
  }

  startClock() {
    if (this.startedAt !== undefined) return;
    this.startedAt = process.hrtime.bigint();
    this.before = this.count === this.expected ? 0 : this.count;
  }

  result() {
    if (this.startedAt === undefined) throw new Error(`The clock has not started: ${this.count} calls of handlers.`);
    const seconds = Number(process.hrtime.bigint() - this.startedAt) / 1e9;
    return { seconds, timed: Math.min(this.count, this.expected) - this.before };
  }
}

/** The environment has PGHOST and the others. */
export async function connect() {
  const client = new pg.Client();
  await client.connect();
  return client;
}

/**
 * @param start begins to work, and answers what ends it
 * @param left a statement whose only column, `left`, says whether anything is left
 */
export async function drain(client, handled, start, left) {
  console.log("ready");
  process.stdin.resume();
  const [line] = await once(process.stdin, "data");

  const isOver = delay(1000 * Number(line.toString()), true, { ref: false });
  const stop = await start();
  let over = await Promise.race([handled.all, isOver]);
  while (!over && (await client.query(left)).rows[0].left) over = await Promise.race([delay(1), isOver]);

  const result = handled.result();
  await stop();
  console.log(JSON.stringify({ ...result, handled: handled.count }));
  await client.end();
  process.stdin.destroy();
}

/** What tests/Eventix.Benchmarks/Servers/DueTasks.cs gives a task of ours. */
export const payload = JSON.stringify({ payload: "x".repeat(86) });
