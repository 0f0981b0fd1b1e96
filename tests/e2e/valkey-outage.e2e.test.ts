import { afterAll, expect, test } from 'bun:test';
import { createValkey } from '@insightdesk/shared/valkey';
import { bySize } from '../../shared/testing/tier.ts';
import { isLocalStack, loadRun, run } from './client.ts';
import { findValkeyPid } from './kill-targets.ts';
import { openDelivery } from './outage/delivery.ts';

const OUTAGE_MS = bySize(4_000, 12_000);

const valkey = createValkey(run.valkey, { name: 'outage', role: 'blocking', onError: () => {} });
let restore: () => unknown = () => {};
afterAll(async () => {
  await restore();
  valkey.disconnect();
});

/** Each makes Valkey unusable and returns the way back. */
const outages: Record<string, () => Promise<() => unknown>> = {
  async hangs() {
    const pid = await findValkeyPid();
    process.kill(pid, 'SIGSTOP');
    return () => process.kill(pid, 'SIGCONT');
  },
  async 'is full'() {
    await valkey.config('SET', 'maxmemory', 1);
    const refusal = await valkey.set('anything', 'x').catch((error: Error) => error.message);
    expect(refusal).toStartWith('OOM');
    return () => valkey.config('SET', 'maxmemory', 0);
  },
};
const pids = () => loadRun().services.map(({ name, pid }) => `${name} ${pid}`);

const names = bySize(['hangs'], Object.keys(outages));

test.skipIf(!isLocalStack).each(names)(
  'while Valkey %s every request is accepted, and all effects follow afterwards',
  async (outage) => {
    const delivery = await openDelivery(`Valkey ${outage}`);
    const before = pids();
    await delivery.waitForAccepted(15);
    restore = (await outages[outage]?.()) ?? restore;
    try {
      await Bun.sleep(OUTAGE_MS);
      await delivery.waitForAccepted(5);
    } finally {
      await restore();
      restore = () => {};
    }
    await delivery.waitForAccepted(20);
    await delivery.expectAllDelivered();
    await delivery.close();
    expect(delivery.load.attempts.filter(({ status }) => status !== 200 && status !== 201)).toEqual(
      [],
    );
    expect(pids()).toEqual(before);
  },
  200_000,
);
