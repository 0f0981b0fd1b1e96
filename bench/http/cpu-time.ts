import { readFileSync } from 'node:fs';

const MICROSECONDS_PER_TICK = 10_000;

/** Microseconds that a process has computed so far, in itself and for it in the kernel; 0 where /proc is not. */
export function cpuTime(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
  } catch {
    return 0;
  }
}
