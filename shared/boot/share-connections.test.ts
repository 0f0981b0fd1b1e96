import { expect, test } from 'bun:test';
import { shareConnections } from './share-connections.ts';

const services = ['api', 'websocket', 'worker', 'desk'] as const;
const heavy = { connections: 2, timeoutMs: 1_000 };

test.each(services.flatMap((service) => [8, 20, 100].map((max) => [service, max] as const)))(
  'the connections of %s add up to its maximum of %p, and each use has one',
  (service, maxConnections) => {
    const { identity, ...own } = shareConnections(service, { maxConnections, heavy });
    const counts = [...Object.values(own), ...Object.values(identity)];
    expect(counts.reduce((sum, count) => sum + count)).toBe(maxConnections);
    for (const count of [own.readers, own.writers, own.heavyReaders]) {
      expect(count).toBeGreaterThanOrEqual(1);
    }
  },
);
