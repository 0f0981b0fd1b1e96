import { cached, systemKey } from './cache.ts';
import {
  fetchDebs,
  findProgram,
  findUnpacked,
  type Log,
  progress,
  type Tool,
} from './toolchain.ts';

/** PgBouncer: this machine's own, else Debian's from the cache. For tests. */
export async function requirePgbouncer(log: Log): Promise<Tool> {
  const own = findProgram('pgbouncer');
  if (own) return { path: own, env: {} };
  const directory = await cached(`${systemKey()}-pgbouncer`, (draft) =>
    progress(log, 'fetching pgbouncer', fetchDebs(draft, ['pgbouncer'])),
  );
  const tool = findUnpacked(directory, 'pgbouncer');
  if (!tool) throw new Error('pgbouncer was fetched, but is not where it belongs');
  return tool;
}
