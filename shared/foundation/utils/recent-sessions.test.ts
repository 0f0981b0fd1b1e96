import { expect, test } from 'bun:test';
import { newId } from './new-id.ts';
import { createRecentSessions } from './recent-sessions.ts';

const newKey = () => ({
  tenantId: newId('org'),
  userId: newId('usr'),
  sessionId: newId('ses'),
  authorizationVersion: 'agent',
  duringSetup: false,
});

test('createRecentSessions: an entry expires half a second after its lookup began', () => {
  let clock = 0;
  const sessions = createRecentSessions(() => clock);
  const key = newKey();
  const at = sessions.now();
  clock = 499;
  sessions.set(key, { generation: '3', at });
  expect(sessions.find(key)).toMatchObject({ generation: '3' });
  clock = 500;
  expect(sessions.find(key)).toBeUndefined();
});

test('createRecentSessions: an entry is found by the same claims only', () => {
  const sessions = createRecentSessions(() => 0);
  const key = newKey();
  sessions.set(key, { generation: null, at: 0 });
  expect(sessions.find({ ...key })).toMatchObject({ generation: null });
  for (const other of [
    { tenantId: newId('org') },
    { userId: newId('usr') },
    { authorizationVersion: 'owner' },
    { duringSetup: true },
    { sessionId: newId('ses') },
  ]) {
    expect(sessions.find({ ...key, ...other })).toBeUndefined();
  }
  sessions.delete(key.sessionId);
  expect(sessions.find(key)).toBeUndefined();
});

test('createRecentSessions: the number of entries is bounded', () => {
  const sessions = createRecentSessions(() => 0);
  const first = newKey();
  for (const key of [first, ...Array.from({ length: 10_000 }, newKey)]) {
    sessions.set(key, { generation: null, at: 0 });
  }
  expect(sessions.find(first)).toBeUndefined();
});
