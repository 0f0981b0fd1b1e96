import { cached, systemKey } from './cache.ts';
import {
  fetchDebs,
  findProgram,
  findUnpacked,
  type Log,
  progress,
  type Tool,
} from './toolchain.ts';

/** ClamAV's daemon: this machine's own, else Debian's from the cache. For tests; it brings no signatures. */
export async function requireClamd(log: Log): Promise<Tool> {
  const own = findProgram('clamd');
  if (own) return { path: own, env: {} };
  const directory = await cached(`${systemKey()}-clamav-daemon`, (draft) =>
    progress(log, 'fetching clamav-daemon', fetchDebs(draft, ['clamav-daemon'])),
  );
  const tool = findUnpacked(directory, 'clamd');
  if (!tool) throw new Error('clamd was fetched, but is not where it belongs');
  return tool;
}
