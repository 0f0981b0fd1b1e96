import { afterEach, expect, test } from 'bun:test';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { corkFlushes } from './cork.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

test.each(['websocket', 'polling'] as const)('a burst is corked, begun by %s', async (first) => {
  const http = createServer();
  const server = new Server(http);
  closing.push(() => server.close());
  corkFlushes(server);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const transports = [...new Set([first, 'websocket'])];
  const client = io(`http://127.0.0.1:${port}`, { transports, forceNew: true });
  closing.push(() => client.disconnect());
  const received: number[] = [];
  client.on('n', (n: number) => received.push(n));
  await new Promise<void>((resolve) => client.once('connect', resolve));
  const [socket] = server.sockets.sockets.values();
  while (socket?.conn.transport.name !== 'websocket') await Bun.sleep(5);

  const sent = Array.from({ length: 300 }, (_, n) => n);
  for (const n of sent) socket.emit('n', n);
  while (received.length < sent.length) await Bun.sleep(5);
  expect(received).toEqual(sent);
  // The part of Bun that corking needs is where it was.
  expect(Object.hasOwn(socket.conn.transport, 'send')).toBe(true);
});
