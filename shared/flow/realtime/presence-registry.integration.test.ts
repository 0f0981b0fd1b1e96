import { afterAll, expect, test } from 'bun:test';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createPresenceRegistry } from './presence-registry.ts';
import { connectTestValkey } from './test-rooms.ts';

const valkey = connectTestValkey('test-presence');
afterAll(() => valkey.quit());

const errors: unknown[] = [];
const replica = (lease = { leaseMs: 4_000, renewMs: 300 }) =>
  createPresenceRegistry(valkey, { onError: (error) => errors.push(error), ...lease });

test('registry: a user is connected while any socket on any replica is open', async () => {
  const [org, other, usr] = [newId('org'), newId('org'), newId('usr')];
  const [a, b, reader] = [replica(), replica(), replica()];
  await a.connected(org, usr);
  await a.connected(org, usr);
  await b.connected(org, usr);
  expect(await reader.connectedUsers(org)).toEqual(new Set([usr]));
  expect(await reader.connectedUsers(other)).toEqual(new Set());
  await a.disconnected(org, usr);
  await a.disconnected(org, usr);
  expect(await reader.connectedUsers(org)).toEqual(new Set([usr]));
  await b.disconnected(org, usr);
  expect(await reader.connectedUsers(org)).toEqual(new Set());
});

test('registry: leases are renewed while the replica runs, and expire when it was killed', async () => {
  const org = newId('org');
  const [living, killed] = [newId('usr'), newId('usr')];
  const [a, reader] = [replica(), replica()];
  const b = replica({ leaseMs: 4_000, renewMs: 3_600_000 });
  await Promise.all([a.connected(org, living), b.connected(org, killed)]);
  expect(await reader.connectedUsers(org)).toEqual(new Set([living, killed]));
  await until(async () => (await reader.connectedUsers(org)).size < 2);
  expect(await reader.connectedUsers(org)).toEqual(new Set([living]));
  await Promise.all([a.close(), b.close()]);
  expect(errors).toEqual([]);
});

test('registry: users that Valkey lost are restored by the next renewal', async () => {
  const [org, usr] = [newId('org'), newId('usr')];
  const a = replica();
  await a.connected(org, usr);
  await valkey.del(`presence:{${org}}`);
  await until(async () => (await a.connectedUsers(org)).size, { atLeast: 1 });
  expect(await a.connectedUsers(org)).toEqual(new Set([usr]));
  await a.close();
  expect(await a.connectedUsers(org)).toEqual(new Set());
});

test('registry: concurrent connects and disconnects end connected, extra disconnects are ignored', async () => {
  const [org, usr] = [newId('org'), newId('usr')];
  const a = replica();
  await Promise.all([
    a.connected(org, usr),
    a.disconnected(org, usr),
    a.disconnected(org, usr),
    a.connected(org, usr),
  ]);
  expect(await a.connectedUsers(org)).toEqual(new Set([usr]));
  await a.close();
});
