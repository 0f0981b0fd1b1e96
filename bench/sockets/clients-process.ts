import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import type { Target } from './raw-client.ts';

/** The clients of all sides, in a process of their own. */
export interface Clients {
  child: Child;
  /** Connects and subscribes `count` clients, `atOnce` at a time; resolves with how many ms it took. */
  connect(group: string, targets: Target[], count: number, atOnce?: number): Promise<number>;
  /** Publishes, and resolves with the arrivals, on our clock, of the `count` events that follow. */
  arrivals(group: string, count: number, publish: () => Promise<number>): Promise<Arrivals>;
  close(group: string): Promise<void>;
}

export interface Arrivals {
  startedAt: number;
  /** Of more than a thousand events only the last. */
  at: number[];
}

const LIMIT_MS = 120_000;

export async function startClients(): Promise<Clients> {
  const child = await startChild([process.execPath, join(import.meta.dir, 'clients.ts')], {});
  return {
    child,
    connect: (group, targets, count, atOnce = 50) =>
      child.ask<number>('connect', { group, targets, count, atOnce }),
    async arrivals(group, count, publish) {
      await child.ask('expect', { group, count });
      const startedAt = await publish();
      const at = await child.ask<number[]>('arrivals', { group, limitMs: LIMIT_MS });
      return { startedAt, at: at.map(child.toOurs) };
    },
    close: (group) => child.ask('close', { group }),
  };
}
