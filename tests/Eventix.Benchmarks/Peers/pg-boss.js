// pg-boss: node pg-boss.js TASKS
import PgBoss from "pg-boss";
import { connect, drain, Handled, payload } from "./drain.js";

const tasks = Number(process.argv[2]);
const queue = "touch";
const boss = new PgBoss({
  host: process.env.PGHOST,
  port: 5432,
  user: process.env.PGUSER,
  database: process.env.PGDATABASE,
  max: 10,
  schedule: false,
});
boss.on("error", console.error);
await boss.start();
await boss.createQueue(queue);

const client = await connect();
for (let from = 0; from < tasks; from += 10_000) {
  const jobs = Array.from({ length: Math.min(10_000, tasks - from) }, () => ({ name: queue, data: JSON.parse(payload) }));
  await boss.insert(jobs);
}
await client.query("VACUUM ANALYZE");
await client.query("CHECKPOINT");

const handled = new Handled(tasks);
await drain(
  client,
  handled,
  async () => {
    // Between two batches it sleeps for what is left of the interval, and 0.5 s is the shortest. One alone is never faster than a batch in that
    // time; eight keep the server busy while others sleep.
    for (let worker = 0; worker < 8; worker++) {
      await boss.work(queue, { batchSize: 5000, pollingIntervalSeconds: 0.5, priority: false }, async (jobs) => {
        handled.add(jobs.length);
        return { said: "done" };
      });
    }
    return () => boss.stop({ graceful: false, wait: true });
  },
  `SELECT EXISTS (SELECT FROM pgboss.job WHERE name = '${queue}' AND state < 'completed') AS left`,
);
