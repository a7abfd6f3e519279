// The JavaScript side of DrainProtocol.cs: says `ready`, begins when it is sent a line, and answers one line of JSON. The clock runs from
// where Handled starts it until the database says that nothing is left, for which it is asked only after the last call.
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

/** Counts the calls of handlers; see Handled.cs. */
export class Handled {
  count = 0;

  constructor(expected) {
    this.expected = expected;
    this.warm = Math.max(1, Math.floor(expected / 10));
    this.all = new Promise((resolve) => (this.resolveAll = resolve));
  }

  /** Of a batch that is the whole run the clock starts with the batch, and all of it is timed. */
  add(calls) {
    this.count += calls;
    if (this.startedAt === undefined && this.count >= this.warm) {
      this.startedAt = process.hrtime.bigint();
      this.timed = this.count === this.expected ? this.expected : this.expected - this.count;
    }
    if (this.count === this.expected) this.resolveAll();
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
  await once(process.stdin, "data");

  const stop = await start();
  await handled.all;
  while ((await client.query(left)).rows[0].left) await delay(1);
  const seconds = Number(process.hrtime.bigint() - handled.startedAt) / 1e9;

  console.log(JSON.stringify({ seconds, timed: handled.timed, handled: handled.count }));
  await stop();
  await client.end();
  process.stdin.destroy();
}

/** What tests/Eventix.Benchmarks/Servers/DueTasks.cs gives a task of ours. */
export const payload = JSON.stringify({ payload: "x".repeat(86) });
