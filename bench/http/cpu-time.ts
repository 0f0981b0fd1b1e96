import { readFileSync } from 'node:fs';

const MICROSECONDS_PER_TICK = 10_000;

/** User and system CPU time of a process in microseconds; 0 without /proc. */
export function cpuTime(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
  } catch {
    return 0;
  }
}
