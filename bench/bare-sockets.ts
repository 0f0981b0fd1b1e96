// The floor of bench/realtime: Socket.IO with its Redis adapter and nothing of ours.
// Reads lines from standard input: `N` emits N events to the room that every client is in.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const from = join(import.meta.dir, '../services/websocket');
const { Server } = await import(Bun.resolveSync('socket.io', from));
const { createAdapter } = await import(Bun.resolveSync('@socket.io/redis-adapter', from));
const { Redis } = await import(Bun.resolveSync('iovalkey', join(import.meta.dir, '../shared')));

const connect = () => new Redis(process.env.VALKEY_URL ?? '', { maxRetriesPerRequest: null });
const http = createServer();
const io = new Server(http, { adapter: createAdapter(connect(), connect()) });
io.on('connection', (socket: { join(room: string): void }) => socket.join('room'));
http.listen(0, '127.0.0.1', () => console.log((http.address() as AddressInfo).port));

let n = 0;
for await (const line of console) {
  for (let left = Number(line); left > 0; left--) {
    io.to('room').emit('event', { n: n++, at: Date.now(), text: 'x'.repeat(200) });
  }
}
