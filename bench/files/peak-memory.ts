import { readFileSync, writeFileSync } from 'node:fs';
import { readStack } from '../stack.ts';

/** Resident memory of one process, in bytes. */
export interface Peak {
  name: string;
  pid: number;
  peakBytes: number;
}

/** The most that each API and worker has held since `forgetPeaks`; Linux only. */
export function readPeaks(): Peak[] {
  return processes().map(({ name, pid }) => {
    const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { name, pid, peakBytes: Number(kilobytes) * 1_024 };
  });
}

/** The most of all processes of a kind. */
export const mostOf = (peaks: readonly Peak[], kind: string) =>
  Math.max(...peaks.filter(({ name }) => name.startsWith(kind)).map((one) => one.peakBytes));

/** From now on, the most is what they hold now. */
export function forgetPeaks(): void {
  for (const { pid } of processes()) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

const processes = () => readStack().services.filter(({ kind }) => kind !== 'websocket');
