import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import type { Target } from './raw-client.ts';

/** The process of the clients of all sides. */
export interface Clients {
  child: Child;
  /** Connects and subscribes `count` clients, `concurrency` at a time. Returns the duration in ms. */
  connect(group: string, targets: Target[], count: number, concurrency?: number): Promise<number>;
  /** Publishes, and returns when the next `count` events were received, by our clock. */
  measureArrivals(group: string, count: number, publish: () => Promise<number>): Promise<Arrivals>;
  close(group: string): Promise<void>;
}

export interface Arrivals {
  startedAt: number;
  /** Only the last one if there are more than 1,000 events. */
  receivedAt: number[];
}

const TIMEOUT_MS = 120_000;

export async function startClients(): Promise<Clients> {
  const child = await startChild([process.execPath, join(import.meta.dir, 'clients.ts')], {});
  return {
    child,
    connect: (group, targets, count, concurrency = 50) =>
      child.request<number>('connect', { group, targets, count, concurrency }),
    async measureArrivals(group, count, publish) {
      await child.request('expect', { group, count });
      const startedAt = await publish();
      const receivedAt = await child.request<number[]>('arrivals', {
        group,
        timeoutMs: TIMEOUT_MS,
      });
      return { startedAt, receivedAt: receivedAt.map(child.toLocalTime) };
    },
    close: (group) => child.request('close', { group }),
  };
}
