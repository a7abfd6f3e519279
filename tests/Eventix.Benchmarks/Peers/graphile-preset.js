import { Logger } from "graphile-worker";

// By default it writes a line for every task.
const logger = new Logger(() => (level, message) => {
  if (level === "error" || level === "warning") console.error(message);
});

/** A configuration of graphile-worker on the database of the environment. */
export function preset(settings = {}) {
  const { PGDATABASE, PGHOST, PGUSER } = process.env;
  const connectionString = `postgres:///${PGDATABASE}?host=${PGHOST}&user=${PGUSER}`;

  return { worker: { logger, connectionString, ...settings } };
}
