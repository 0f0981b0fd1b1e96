import { type Log, requireProgram, type Tool } from '../stack/machine/toolchain.ts';

/** clamd, installed on this machine or from the Debian package in the cache, without signatures. */
export const requireClamd = (log: Log): Promise<Tool> =>
  requireProgram('clamd', 'clamav-daemon', log);
