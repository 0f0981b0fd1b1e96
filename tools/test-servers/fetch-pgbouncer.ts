import { type Log, requireProgram, type Tool } from '../stack/machine/toolchain.ts';

/** PgBouncer, installed on this machine or from the Debian package in the cache. */
export const requirePgbouncer = (log: Log): Promise<Tool> =>
  requireProgram('pgbouncer', 'pgbouncer', log);
