import { expect, test } from 'bun:test';
import { once } from 'node:events';
import { until } from '@insightdesk/shared/testing';
import { createValkey, pingValkey, type ValkeyOptions } from './index.ts';

const url = Bun.env.VALKEY_URL ?? 'valkey://127.0.0.1:6379';
const unreachableUrl = 'valkey://127.0.0.1:1';

function open(role: ValkeyOptions['role'], address = url) {
  const errors: Error[] = [];
  const valkey = createValkey(address, {
    name: `test-${role}`,
    role,
    onError: (error) => errors.push(error),
  });
  return { valkey, errors, [Symbol.dispose]: () => valkey.disconnect() };
}

test.each(['command', 'subscriber', 'blocking'] as const)(
  'a %s connection answers a ping',
  async (role) => {
    using connection = open(role);
    expect(await pingValkey(connection.valkey)).toBeGreaterThan(0);
  },
);

test('a cut connection reconnects and executes the next command', async () => {
  using connection = open('command');
  using killer = open('command');
  const id = await connection.valkey.client('ID');
  await killer.valkey.client('KILL', 'ID', String(id));
  expect(await connection.valkey.echo('still here')).toBe('still here');
  expect(await connection.valkey.client('ID')).not.toBe(id);
});

test('commands to an unreachable server time out, and errors are throttled', async () => {
  using connection = open('command', unreachableUrl);
  let attempts = 0;
  connection.valkey.on('reconnecting', () => attempts++);
  await expect(pingValkey(connection.valkey, 200)).rejects.toThrow('Timed out after');
  await expect(connection.valkey.get('x')).rejects.toThrow('timed out');
  expect(connection.errors.length).toBeGreaterThan(0);
  expect(connection.errors.length).toBeLessThan(attempts);
});

test('a subscription survives a cut connection', async () => {
  using subscriber = open('subscriber');
  using other = open('command');
  const topic = `test:${crypto.randomUUID()}`;
  const received: string[] = [];
  subscriber.valkey.on('message', (_topic: string, text: string) => received.push(text));
  const id = await subscriber.valkey.client('ID');
  await subscriber.valkey.subscribe(topic);
  await other.valkey.client('KILL', 'ID', String(id));
  await until(() => other.valkey.publish(topic, 'again'), { atLeast: 1 });
  await until(() => received.length, { atLeast: 1 });
  expect(received).toEqual(['again']);
});

test('a subscriber that is closed while it reconnects causes no unhandled rejection', async () => {
  using subscriber = open('subscriber');
  using killer = open('command');
  const id = await subscriber.valkey.client('ID');
  await subscriber.valkey.subscribe('test:topic');
  const ended = once(subscriber.valkey, 'end');
  subscriber.valkey.once('connecting', () => setImmediate(() => subscriber.valkey.disconnect()));
  await killer.valkey.client('KILL', 'ID', String(id));
  await ended;
  await Bun.sleep(0);
  expect(subscriber.errors).toEqual([]);
});

test('a resubscription that is refused is reported and repeated', async () => {
  using admin = open('command');
  const user = `test-${crypto.randomUUID()}`;
  await admin.valkey.acl('SETUSER', user, 'on', '>secret', '+@all', 'allchannels');
  const asUser = Object.assign(new URL(url), { username: user, password: 'secret' });
  using subscriber = open('subscriber', asUser.href);
  const topic = `test:${user}`;
  await subscriber.valkey.subscribe(topic);
  const message = once(subscriber.valkey, 'message');
  await admin.valkey.acl('SETUSER', user, 'resetchannels');
  await until(() => subscriber.errors.length, { atLeast: 1 });
  expect(subscriber.errors[0]?.message).toStartWith('NOPERM');
  await admin.valkey.acl('SETUSER', user, 'allchannels');
  await until(() => admin.valkey.publish(topic, 'again'), { atLeast: 1 });
  expect(await message).toEqual([topic, 'again']);
  await admin.valkey.acl('DELUSER', user);
});
