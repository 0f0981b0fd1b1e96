import { type Log, requireProgram, type Tool } from '../stack/machine/toolchain.ts';

/** ClamAV's daemon: this machine's own, else Debian's from the cache. For tests; it brings no signatures. */
export const requireClamd = (log: Log): Promise<Tool> =>
  requireProgram('clamd', 'clamav-daemon', log);
