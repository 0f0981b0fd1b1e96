import { afterEach, expect, test } from 'bun:test';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { until } from '../shared/testing/until.ts';
import { createClient } from './create-client.ts';
import type { Tokens } from './tokens.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Starts a server with one channel; only the newest token is valid. */
async function startServer() {
  const state = {
    token: 0,
    refreshes: 0,
    isRefused: false,
    offset: 0,
    subscribed: [] as unknown[],
  };
  const sockets: Socket[] = [];
  const http = createServer((_request, response) => {
    state.refreshes++;
    const status = state.isRefused ? 401 : 200;
    if (!state.isRefused) state.token++;
    const pair = { accessToken: `${state.token}`, refreshToken: 'r', expiresIn: 900 };
    const body = state.isRefused ? { code: 'TOKEN_REUSED', detail: '' } : pair;
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  const io = new Server(http);
  io.use(({ handshake }, next) => {
    const isValid = handshake.auth.token === `${state.token}`;
    next(isValid ? undefined : Object.assign(new Error('no'), { data: { status: 401 } }));
  });
  io.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('subscribe', (request, acknowledge) => {
      state.subscribed.push(request);
      acknowledge({ ok: true, epoch: 'a', offset: state.offset, recovered: true, events: [] });
    });
    socket.on('authenticate', ({ token }, acknowledge) => {
      acknowledge({ ok: token === `${state.token}`, error: {} });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  closing.push(() => io.close());
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return { url, state, sockets };
}

function subscribe(url: string, tokens: Tokens) {
  const seen = { tokens: [] as unknown[], connections: [] as boolean[], ended: [] as Error[] };
  const client = createClient({
    url,
    tokens,
    onTokensChange: (given) => seen.tokens.push(given?.accessToken),
    onConnectionChange: (isConnected) => seen.connections.push(isConnected),
  });
  closing.push(() => client.close());
  const listener = { onEvent() {}, onGap() {}, onEnd: (error: Error) => seen.ended.push(error) };
  return { client, seen, subscription: client.subscribe('c', listener) };
}

const validTokens = { accessToken: '0', refreshToken: 'r' };

test('connection: after TOKEN_EXPIRED it reconnects with a new token', async () => {
  const { url, state, sockets } = await startServer();
  const { seen, subscription } = subscribe(url, validTokens);
  await subscription.ready;
  sockets[0]?.emit('closing', { code: 'TOKEN_EXPIRED', detail: '' });
  sockets[0]?.disconnect(true);
  await until(() => state.subscribed.length, { equals: 2 });
  expect(seen.tokens).toEqual(['1']);
  expect(seen.connections).toEqual([true, false, true]);
  expect(state.subscribed).toEqual([{ channel: 'c' }, { channel: 'c', epoch: 'a', offset: 0 }]);
});

test('connection: a handshake refused with 401 is repeated with a new token', async () => {
  const { url, state } = await startServer();
  const { subscription, seen } = subscribe(url, { accessToken: 'old', refreshToken: 'r' });
  await subscription.ready;
  expect(state.refreshes).toBe(1);
  expect(seen.connections).toEqual([true]);
});

test('connection: an expired token is refreshed before the handshake', async () => {
  const { url, state } = await startServer();
  const { subscription } = subscribe(url, {
    ...validTokens,
    accessToken: 'old',
    expiresAt: Date.now() - 1,
  });
  await subscription.ready;
  expect(state.refreshes).toBe(1);
});

test('socketUrl: sockets connect there, calls use url', async () => {
  const [calls, live] = [await startServer(), await startServer()];
  live.state.token = 1;
  const tokens = { ...validTokens, accessToken: 'old', expiresAt: Date.now() - 1 };
  const client = createClient({ url: calls.url, socketUrl: live.url, tokens });
  closing.push(() => client.close());
  await client.subscribe('c', { onEvent() {}, onGap() {} }).ready;
  expect([calls.state.refreshes, live.state.refreshes]).toEqual([1, 0]);
  expect([calls.sockets.length, live.sockets.length]).toEqual([0, 1]);
});

test('connection: after a lost connection it resumes with the same token', async () => {
  const { url, state, sockets } = await startServer();
  const { subscription } = subscribe(url, validTokens);
  await subscription.ready;
  sockets[0]?.emit('drain', { reconnectInMs: 0 });
  sockets[0]?.conn.close();
  await until(() => state.subscribed.length, { equals: 2 });
  expect(state.refreshes).toBe(0);
});

test('connection: an open socket is authenticated with refreshed tokens', async () => {
  const { url, state, sockets } = await startServer();
  const { client, subscription, seen } = subscribe(url, validTokens);
  await subscription.ready;
  await client.refresh();
  await until(() => seen.tokens.length, { equals: 1 });
  await Bun.sleep(50);
  expect(sockets).toHaveLength(1);
  expect(seen.connections).toEqual([true]);
  expect(state.refreshes).toBe(1);
});

test('connection: an ended session ends the subscriptions without further attempts', async () => {
  const { url, state, sockets } = await startServer();
  const { subscription, seen } = subscribe(url, validTokens);
  await subscription.ready;
  state.isRefused = true;
  sockets[0]?.disconnect(true);
  await until(() => seen.ended.length, { atLeast: 1 });
  expect(seen.tokens).toEqual([undefined]);
  expect(seen.ended).toMatchObject([{ code: 'SIGNED_OUT' }]);
  await Bun.sleep(700);
  expect(state.refreshes).toBe(1);
  expect(sockets).toHaveLength(1);
});

test('subscribe: two listeners share a channel, and the last one to close unsubscribes', async () => {
  const { url, state, sockets } = await startServer();
  const { client, subscription } = subscribe(url, validTokens);
  const received: number[] = [];
  const listener = {
    onEvent: ({ offset }: { offset: number }) => received.push(offset),
    onGap() {},
  };
  const second = client.subscribe('c', listener);
  await Promise.all([subscription.ready, second.ready]);
  expect(state.subscribed).toHaveLength(1);
  const unsubscribed: unknown[] = [];
  sockets[0]?.on('unsubscribe', (request) => unsubscribed.push(request));
  const event = (offset: number) => ({ id: `e${offset}`, channel: 'c', epoch: 'a', offset });
  sockets[0]?.emit('event', event(1));
  sockets[0]?.emit('event', event(1));
  await until(() => received.length, { atLeast: 1 });
  subscription.close();
  sockets[0]?.emit('event', event(2));
  await until(() => received.length, { atLeast: 2 });
  expect(unsubscribed).toEqual([]);
  second.close();
  await until(() => unsubscribed.length, { atLeast: 1 });
  expect(received).toEqual([1, 2]);
});

test('close: subscriptions end with ClientClosedError, and subscribe throws', async () => {
  const { url } = await startServer();
  const { client, seen, subscription } = subscribe(url, validTokens);
  await subscription.ready;
  client.close();
  expect(seen.ended).toMatchObject([{ name: 'ClientClosedError' }]);
  expect(() => client.subscribe('c', { onEvent() {}, onGap() {} })).toThrow('closed');
});
