// graphile-worker as it is by default, for the latency of single tasks: says `ready`, and when it is sent a line what it has seen.
import { once } from "node:events";
import { run, runMigrations } from "graphile-worker";
import { preset } from "./graphile-preset.js";

const milliseconds = [];

await runMigrations({ preset: preset() });
const runner = await run({
  preset: preset(),
  noHandleSignals: true,
  taskList: {
    stamp: async ({ sent_at }) => {
      milliseconds.push(Number(process.hrtime.bigint() - BigInt(sent_at)) / 1e6);
    },
  },
});
console.log("ready");
process.stdin.resume();
await once(process.stdin, "data");

console.log(JSON.stringify({ milliseconds }));
await runner.stop();
process.stdin.destroy();
