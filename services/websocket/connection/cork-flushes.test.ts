import { afterEach, expect, test } from 'bun:test';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { until } from '../../../shared/testing/until.ts';
import { corkFlushes } from './cork-flushes.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

test.each(['websocket', 'polling'] as const)(
  'corkFlushes: a burst arrives complete and in order, connected by %s',
  async (first) => {
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
    if (!socket) throw new Error('No socket is connected');
    await until(() => socket.conn.transport.name, { equals: 'websocket' });

    const sent = Array.from({ length: 300 }, (_, n) => n);
    for (const n of sent) socket.emit('n', n);
    await until(() => received.length, { equals: sent.length });
    expect(received).toEqual(sent);
    // The private part of Bun that corking needs still exists.
    expect(Object.hasOwn(socket.conn.transport, 'send')).toBe(true);
  },
);
