import { readFileSync } from 'node:fs';

const sorted = (values: number[]) => values.toSorted((a, b) => a - b);

export const median = (values: number[]) => sorted(values)[values.length >> 1] ?? Number.NaN;

export const p99 = (values: number[]) =>
  sorted(values)[Math.floor(values.length * 0.99)] ?? Number.NaN;

const TICK_MS = 10;

/** CPU time a process has used, in ms; Linux only. */
export function cpuMs(pid: number): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * TICK_MS;
}

/** Resident memory of a process, in bytes; Linux only. */
export function rssBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1_024;
}

const SETTLE_SECONDS = 12;

/** The lowest of several samples: garbage that is about to be collected is not counted. */
export async function settledBytes(pid: number): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY;
  for (let second = 0; second < SETTLE_SECONDS; second++) {
    await Bun.sleep(1_000);
    lowest = Math.min(lowest, rssBytes(pid));
  }
  return lowest;
}
