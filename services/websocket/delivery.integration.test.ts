import { expect, test } from 'bun:test';
import type { Position, Snapshot } from '@insightdesk/shared/contract';
import { roomOf } from '@insightdesk/shared/realtime';
import { until } from '@insightdesk/shared/testing';
import {
  call,
  createTestReplicas,
  newChannel,
  newEntries,
  tenantId,
} from './testing/test-replica.ts';

const { startReplica, connect, newUser, channelLog, valkey } = createTestReplicas();

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
const offsetsOf = (events: { offset: number }[]) => events.map(({ offset }) => offset);

/** A client of the contract: it stores its position, and checks that each event is the next one. */
function follow(channel: string) {
  const seen: number[] = [];
  let position: Position | undefined;
  let first: number | undefined;
  let isReady = false;
  const take = (event: Position) => {
    seen.push(event.offset);
    position = { epoch: event.epoch, offset: event.offset };
  };
  async function visit(url: string, token: string, transports: string[]) {
    const { socket } = await connect(url, token, { transports });
    isReady = false;
    socket.on('event', (event) => {
      if (!isReady) throw new Error('an event before the acknowledgement');
      take(event);
    });
    // The callback, not the promise: events may follow in the same packet.
    await new Promise<void>((resolve, reject) => {
      socket.emit('subscribe', { channel, ...position }, (answer: Snapshot & { ok: boolean }) => {
        const { ok, recovered, events, epoch, offset } = answer;
        if (!ok || (position && !recovered)) return reject(new Error(JSON.stringify(answer)));
        isReady = true;
        first ??= offset;
        position ??= { epoch, offset };
        events.forEach(take);
        resolve();
      });
    });
    return socket;
  }
  return { seen, visit, first: () => first ?? 0, position: () => position?.offset };
}

test('lost log: sockets are closed with RESYNC, reconnect and get recovered: false', async () => {
  const { url } = await startReplica();
  const { token } = await newUser();
  const log = channelLog();
  const channel = newChannel();
  const { socket, events } = await connect(url, token, {
    reconnection: true,
    reconnectionDelay: 10,
  });
  const { epoch } = await call(socket, 'subscribe', { channel });
  await log.append(newEntries(channel, 3));
  await until(() => events.length, { equals: 3 });
  const answers: { recovered: boolean; offset: number }[] = [];
  const reasons: string[] = [];
  socket.on('closing', ({ code }) => reasons.push(code));
  socket.on('connect', () => {
    socket.emit('subscribe', { channel, epoch, offset: 3 }, (answer: (typeof answers)[0]) => {
      answers.push(answer);
    });
  });
  await valkey('command').del(
    ...['', ':log', ':seen'].map((s) => `realtime:{${roomOf(tenantId, channel)}}${s}`),
  );
  let atDisconnect = 0;
  socket.on('disconnect', () => {
    atDisconnect = events.length;
  });
  const [fresh] = await log.append(newEntries(channel, 1));
  while (answers.length === 0) await log.append(newEntries(channel, 1));
  expect(reasons).toEqual(['RESYNC']);
  expect(atDisconnect).toBe(3);
  expect(answers[0]).toMatchObject({ recovered: false, epoch: fresh?.epoch });
  const last = (await log.append(newEntries(channel, 1)))[0]?.offset ?? 0;
  await until(() => events.at(-1)?.offset === last);
  expect(offsetsOf(events.slice(3))).toEqual(range((answers[0]?.offset ?? 0) + 1, last));
});

test('drain: clients are disconnected gradually, new connections get 503, no event is lost', async () => {
  const leaving = await startReplica('websocket-1');
  const staying = await startReplica('websocket-2');
  const { token } = await newUser();
  const log = channelLog();
  const channel = newChannel();
  const notices: number[] = [];
  const followers = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const follower = follow(channel);
      const socket = await follower.visit(leaving.url, token, ['websocket']);
      socket.on('drain', ({ reconnectInMs }) => notices.push(reconnectInMs));
      const moved = new Promise<void>((resolve, reject) => {
        socket.on('disconnect', () => {
          follower.visit(staying.url, token, ['websocket']).then(() => resolve(), reject);
        });
      });
      return { follower, moved };
    }),
  );
  const draining = leaving.server.drain(2_000);
  const refused = await fetch(`${leaving.url}/socket.io/?EIO=4&transport=polling`);
  expect(refused.status).toBe(503);
  await expect(connect(leaving.url, token, { transports: ['websocket'] })).rejects.toThrow();
  for (let n = 0; n < 20; n++) {
    await log.append(newEntries(channel, 5));
    await Bun.sleep(20);
  }
  await Promise.all([draining, ...followers.map(({ moved }) => moved)]);
  expect(notices).toHaveLength(40);
  expect(Math.max(...notices) - Math.min(...notices)).toBeGreaterThan(300);
  for (const { follower } of followers) {
    await until(() => follower.position(), { equals: 100 });
    expect(follower.seen).toEqual(range(1, 100));
  }
  expect(leaving.server.stats().sockets).toBe(0);
});

test('HTTP: paths except /socket.io/ are answered by fetch', async () => {
  const { url } = await startReplica('websocket-1', {
    fetch: (request) => Response.json({ path: new URL(request.url).pathname }),
  });
  expect(await (await fetch(`${url}/health/live?x=1`)).json()).toEqual({ path: '/health/live' });
  expect((await fetch(`${url}/health`, { method: 'POST', body: 'x' })).status).toBe(405);
  const origin = { headers: { origin: 'https://desk.example' } };
  const allowed = await fetch(`${url}/socket.io/?EIO=4&transport=polling`, origin);
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://desk.example');
});

test('message limit: a larger message closes its connection, not the service', async () => {
  const { url } = await startReplica();
  const { token } = await newUser();
  const { socket } = await connect(url, token, { transports: ['websocket'] });
  const disconnected = new Promise((resolve) => socket.once('disconnect', resolve));
  socket.emit('publish', { channel: newChannel(), type: 'x', data: 'y'.repeat(200_000) });
  await disconnected;
  const again = await connect(url, token);
  expect(await call(again.socket, 'subscribe', { channel: newChannel() })).toMatchObject({
    ok: true,
  });
});
