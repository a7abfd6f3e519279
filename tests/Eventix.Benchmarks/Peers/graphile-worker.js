// graphile-worker: node graphile-worker.js plain|fast TASKS
// `fast` is the configuration of its own page on performance; `plain` is the same without batching.
import { run, runMigrations } from "graphile-worker";
import { connect, drain, Handled, payload } from "./drain.js";
import { preset } from "./graphile-preset.js";

const [, , how, count] = process.argv;
const tasks = Number(count);
const batching = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
const settings = preset({ concurrentJobs: 24, maxPoolSize: 25, ...(how === "fast" ? batching : {}) });

await runMigrations({ preset: settings });
const client = await connect();
await client.query(
  `SELECT count(*) FROM graphile_worker.add_jobs((
     SELECT array_agg(json_populate_record(
       null::graphile_worker.job_spec, json_build_object('identifier', 'touch', 'payload', $2::json)))
     FROM generate_series(1, $1)))`,
  [tasks, payload],
);
await client.query("VACUUM ANALYZE");
await client.query("CHECKPOINT");

const handled = new Handled(tasks);
await drain(
  client,
  handled,
  async () => {
    const runner = await run({
      preset: settings,
      noHandleSignals: true,
      taskList: {
        touch: async () => {
          handled.add(1);
          return { said: "done" };
        },
      },
    });
    return () => runner.stop();
  },
  "SELECT EXISTS (SELECT FROM graphile_worker._private_jobs) AS left",
);
