import { expect, test } from 'bun:test';
import { openRawWebSocket, until } from '@insightdesk/shared/testing';
import { call, createTestReplicas, newChannel } from '../testing/test-replica.ts';

const { startReplica, connect, newUser } = createTestReplicas();

/** Opens a WebSocket that never authenticates; resolves with whether it was accepted. */
function openSilently(url: string, ended: () => void): Promise<boolean> {
  const { upgraded, closed } = openRawWebSocket(url);
  void closed.then(ended);
  return upgraded;
}

test('unauthenticated connections: an address has 20 of 300, for a second, and others can still connect', async () => {
  const { url, server } = await startReplica('websocket-1', {
    unauthenticated: { maxPerAddress: 20, timeoutMs: 1_000 },
    readAddress: (_, header) => (header('X-Forwarded-For') ? '203.0.113.1' : '::1'),
  });
  let ended = 0;
  const opening = Array.from({ length: 300 }, () => openSilently(url, () => ended++));
  expect((await Promise.all(opening)).filter(Boolean).length).toBeLessThanOrEqual(20);
  expect(server.stats().unauthenticated).toBeLessThanOrEqual(20);
  const { token } = await newUser();
  const elsewhere = { extraHeaders: { 'X-Forwarded-For': '203.0.113.1' } };
  const { socket } = await connect(url, token, elsewhere);
  await until(() => ended, { equals: 300 });
  expect(server.stats().unauthenticated).toBe(0);
  expect(socket.connected).toBe(true);
});

test('unauthenticated connections: above the limit polling and WebSocket get a 429', async () => {
  const { url } = await startReplica('websocket-1', {
    unauthenticated: { maxPerAddress: 0, timeoutMs: 1_000 },
  });
  const polling = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
  expect(polling.status).toBe(429);
  expect(await polling.json()).toMatchObject({ code: 'TOO_MANY_CONNECTIONS' });
  const { received, closed } = openRawWebSocket(url);
  await closed;
  expect(received()).toStartWith('HTTP/1.1 429 Too Many Requests');
  expect(received()).toContain('TOO_MANY_CONNECTIONS');
});

test.each([
  ['without a token', undefined],
  ['with an invalid token', '40{"token":"nobody"}'],
])('unauthenticated connections: one %s is closed after the timeout', async (_, packet) => {
  const { url, server } = await startReplica('websocket-1', {
    unauthenticated: { maxPerAddress: 20, timeoutMs: 1_000 },
  });
  const opened = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
  const { sid } = JSON.parse((await opened.text()).slice(1)) as { sid: string };
  expect(server.stats().unauthenticated).toBe(1);
  const address = `${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
  if (packet) await fetch(address, { method: 'POST', body: packet });
  await until(() => server.stats().unauthenticated, { equals: 0 });
  const after = await fetch(address);
  expect(after.status).toBe(400);
});

test('unauthenticated connections: one is closed after five invalid tokens', async () => {
  const { url, server } = await startReplica('websocket-1', {
    unauthenticated: { maxPerAddress: 20, timeoutMs: 60_000 },
  });
  const packets: string[] = [];
  let isClosed = false;
  const webSocket = new WebSocket(
    `${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
  );
  webSocket.addEventListener('close', () => {
    isClosed = true;
  });
  webSocket.addEventListener('message', ({ data }) => {
    packets.push(String(data).slice(0, 2));
    // The first is the opening packet, each further one a rejection.
    webSocket.send(`40{"token":"nobody-${packets.length}"}`);
  });
  await until(() => isClosed);
  expect(packets.filter((packet) => packet === '44').length).toBeGreaterThanOrEqual(4);
  expect(packets.length).toBeLessThanOrEqual(6);
  expect(server.stats().unauthenticated).toBe(0);
  const { token } = await newUser();
  expect((await connect(url, token)).socket.connected).toBe(true);
});

test('unauthenticated connections: accepted connections do not count', async () => {
  const { url, server } = await startReplica('websocket-1', {
    unauthenticated: { maxPerAddress: 2, timeoutMs: 5_000 },
  });
  const { token } = await newUser();
  for (let i = 0; i < 5; i++) await connect(url, token);
  expect(server.stats()).toMatchObject({ sockets: 5, unauthenticated: 0 });
});

test('load shedding: new connections get 503, existing sockets stay connected', async () => {
  const load = { isShedding: false };
  const { url } = await startReplica('websocket-1', { load });
  const { socket } = await connect(url, (await newUser()).token);
  load.isShedding = true;
  const refused = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
  expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '1']);
  expect(await call(socket, 'subscribe', { channel: newChannel() })).toMatchObject({ ok: true });
});
