import { afterEach, expect, test } from 'bun:test';
import { until } from '../../../shared/testing/until.ts';
import type { Connection } from './connection.ts';
import { watchSlowConsumers } from './watch-slow-consumers.ts';

const limits = {
  softBytes: 1_000,
  softMs: 400,
  hardBytes: 5_000,
  checkIntervalMs: 5,
  closeTimeoutMs: 10,
};
const stopping: (() => void)[] = [];
afterEach(() => {
  for (const stop of stopping.splice(0)) stop();
});

/** A watched connection with that many bytes pending in its transport. */
function watch() {
  const seen = { codes: [] as string[], terminations: 0 };
  const transport = { bufferedAmount: 0, terminate: () => seen.terminations++ };
  const conn = {
    readyState: 'open',
    writeBuffer: [],
    transport: { socket: transport },
    close() {
      conn.readyState = 'closing';
    },
  };
  const emit = (_: string, { code }: { code: string }) => seen.codes.push(code);
  const connection = { socket: { conn, emit }, subscriptions: { leaveAll() {} } };
  const connections = new Map([['s', connection as unknown as Connection]]);
  stopping.push(watchSlowConsumers(connections, limits));
  return { seen, transport };
}

test('watchSlowConsumers: above softBytes for a moment, again and again, the socket stays open', async () => {
  const { seen, transport } = watch();
  for (let n = 0; n < 8; n++) {
    transport.bufferedAmount = 2_000;
    await Bun.sleep(60);
    transport.bufferedAmount = 0;
    await Bun.sleep(4 * limits.checkIntervalMs);
  }
  expect(seen.codes).toEqual([]);
});

test.each([
  ['softBytes for softMs', 2_000, limits.softMs],
  ['hardBytes', 6_000, 0],
])(
  'watchSlowConsumers: above %s the socket is closed, and terminated after a timeout',
  async (_, bytes, minMs) => {
    const { seen, transport } = watch();
    const startedAt = performance.now();
    transport.bufferedAmount = bytes;
    await until(() => seen.codes, { equals: ['TOO_SLOW'] });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(minMs);
    await until(() => seen.terminations, { equals: 1 });
  },
);
