import { expect, test } from 'bun:test';
import { createValkey, pingValkey, type ValkeyOptions } from './index.ts';

const url = Bun.env.VALKEY_URL ?? 'valkey://127.0.0.1:6379';
const nobodyListens = 'valkey://127.0.0.1:1';

function open(role: ValkeyOptions['role'], address = url) {
  const errors: Error[] = [];
  const valkey = createValkey(address, {
    name: `test-${role}`,
    role,
    onError: (error) => errors.push(error),
  });
  return { valkey, errors, [Symbol.dispose]: () => valkey.disconnect() };
}

test.each(['command', 'subscriber', 'blocking'] as const)('%s: answers a ping', async (role) => {
  using connection = open(role);
  expect(await pingValkey(connection.valkey)).toBeGreaterThan(0);
});

test('a cut connection comes back and carries the next command', async () => {
  using connection = open('command');
  using killer = open('command');
  const id = await connection.valkey.client('ID');
  await killer.valkey.client('KILL', 'ID', String(id));
  expect(await connection.valkey.echo('still here')).toBe('still here');
  expect(await connection.valkey.client('ID')).not.toBe(id);
});

test('an unreachable server: ping and commands give up in time, errors do not flood', async () => {
  using connection = open('command', nobodyListens);
  await expect(pingValkey(connection.valkey, 200)).rejects.toThrow('Nothing came within');
  const startedAt = performance.now();
  await expect(connection.valkey.get('x')).rejects.toThrow('timed out');
  expect(performance.now() - startedAt).toBeLessThan(6_000);
  expect(connection.errors.length).toBeGreaterThan(0);
  expect(connection.errors.length).toBeLessThan(8);
}, 10_000);

test('a subscription survives a cut connection', async () => {
  using subscriber = open('subscriber');
  using other = open('command');
  const topic = `test:${crypto.randomUUID()}`;
  const received: string[] = [];
  subscriber.valkey.on('message', (_topic: string, text: string) => received.push(text));
  const id = await subscriber.valkey.client('ID');
  await subscriber.valkey.subscribe(topic);
  await other.valkey.client('KILL', 'ID', String(id));
  while ((await other.valkey.publish(topic, 'again')) === 0) await Bun.sleep(20);
  await Bun.sleep(20);
  expect(received).toEqual(['again']);
});
