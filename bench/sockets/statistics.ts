import { readFileSync } from 'node:fs';

const sorted = (values: number[]) => values.toSorted((a, b) => a - b);

export const median = (values: number[]) => sorted(values)[values.length >> 1] ?? Number.NaN;

export const p99 = (values: number[]) =>
  sorted(values)[Math.floor(values.length * 0.99)] ?? Number.NaN;

const TICK_MS = 10;

/** CPU time of a process in ms; Linux only. */
export function cpuMs(pid: number): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * TICK_MS;
}
