import { afterAll, afterEach, expect, test } from 'bun:test';
import { connect as dial } from 'node:net';
import { createTestContext, until } from '@insightdesk/shared/testing';
import { ask, createStage, newChannel } from '../test-replica.ts';

const testContext = createTestContext();
const stage = createStage(testContext);
const { startReplica, connect, person, close } = stage;
afterEach(close);
afterAll(testContext.close);

const upgrade = [
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');

/** A WebSocket that never says who it is; resolves with whether it was opened. */
function comeSilently(url: string, ended: () => void): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial({ port: Number(new URL(url).port), host: '127.0.0.1' });
    socket.on('data', (bytes) => resolve(String(bytes).includes(' 101 ')));
    socket.on('error', () => {});
    socket.on('close', () => {
      resolve(false);
      ended();
    });
    socket.write(upgrade);
  });
}

test('of 300 that say nothing so many are let in, for a short while, and others are not kept out', async () => {
  const { url, server } = await startReplica('websocket-1', {
    strangers: { most: 20, patienceMs: 1_000 },
    readAddress: (_, header) => (header('X-Forwarded-For') ? '203.0.113.1' : '::1'),
  });
  let ended = 0;
  const came = Array.from({ length: 300 }, () => comeSilently(url, () => ended++));
  expect((await Promise.all(came)).filter(Boolean).length).toBeLessThanOrEqual(20);
  expect(server.figures().strangers).toBeLessThanOrEqual(20);
  const { token } = await person();
  const elsewhere = { extraHeaders: { 'X-Forwarded-For': '203.0.113.1' } };
  const { socket } = await connect(url, token, elsewhere);
  await until(() => ended === 300);
  expect(server.figures().strangers).toBe(0);
  expect(socket.connected).toBe(true);
});

test.each([
  ['says nothing', undefined],
  ['has no good token', '40{"token":"nobody"}'],
])('whoever %s does not stay', async (_, words) => {
  const { url, server } = await startReplica('websocket-1', {
    strangers: { most: 20, patienceMs: 1_000 },
  });
  const opened = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
  const { sid } = JSON.parse((await opened.text()).slice(1)) as { sid: string };
  expect(server.figures().strangers).toBe(1);
  const address = `${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
  if (words) await fetch(address, { method: 'POST', body: words });
  await until(() => server.figures().strangers === 0);
  const after = await fetch(address);
  expect(after.status).toBe(400);
});

test('whoever is refused five times over one connection has to open another', async () => {
  const { url, server } = await startReplica('websocket-1', {
    strangers: { most: 20, patienceMs: 60_000 },
  });
  const heard: string[] = [];
  let isClosed = false;
  const line = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  line.addEventListener('close', () => {
    isClosed = true;
  });
  line.addEventListener('message', ({ data }) => {
    heard.push(String(data).slice(0, 2));
    // The first is the greeting, each further one a refusal.
    line.send(`40{"token":"nobody-${heard.length}"}`);
  });
  await until(() => isClosed);
  expect(heard.filter((packet) => packet === '44').length).toBeGreaterThanOrEqual(4);
  expect(heard.length).toBeLessThanOrEqual(6);
  expect(server.figures().strangers).toBe(0);
  const { token } = await person();
  expect((await connect(url, token)).socket.connected).toBe(true);
});

test('those who were let in are strangers no more, however many they are', async () => {
  const { url, server } = await startReplica('websocket-1', {
    strangers: { most: 2, patienceMs: 5_000 },
  });
  const { token } = await person();
  for (let i = 0; i < 5; i++) await connect(url, token);
  expect(server.figures()).toMatchObject({ sockets: 5, strangers: 0 });
});

test('a replica with too much to do sends newcomers elsewhere and keeps whom it has', async () => {
  const load = { isShedding: false };
  const { url } = await startReplica('websocket-1', { load });
  const { socket } = await connect(url, (await person()).token);
  load.isShedding = true;
  const refused = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
  expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '1']);
  expect(await ask(socket, 'subscribe', { channel: newChannel() })).toMatchObject({ ok: true });
});
