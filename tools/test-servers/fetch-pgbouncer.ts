import { type Log, requireProgram, type Tool } from '../stack/machine/toolchain.ts';

/** PgBouncer: this machine's own, else Debian's from the cache. For tests. */
export const requirePgbouncer = (log: Log): Promise<Tool> =>
  requireProgram('pgbouncer', 'pgbouncer', log);
