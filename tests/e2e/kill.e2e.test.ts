import { expect, test } from 'bun:test';
import { bySize } from '../../shared/testing/tier.ts';
import { isLocalStack } from './client.ts';
import { killService } from './kill-targets.ts';
import { openDelivery } from './outage/delivery.ts';

/** Accepted requests before each kill. */
const REQUESTS = bySize(40, 150);

test.skipIf(!isLocalStack)(
  'every message is delivered once across kill -9 of an API, a WebSocket and the worker',
  async () => {
    const delivery = await openDelivery('A storm');
    for (const kind of ['api', 'websocket', 'worker']) {
      await delivery.waitForAccepted(REQUESTS);
      await killService((service) => service.kind === kind);
    }
    await delivery.waitForAccepted(REQUESTS);
    await delivery.expectAllDelivered();
    await delivery.close();
    // Clients retry requests without a response; no other request fails.
    const statuses = delivery.load.attempts.map(({ status }) => status);
    expect(statuses.filter((status) => +status >= 400 && +status < 500)).toEqual([]);
  },
  240_000,
);
