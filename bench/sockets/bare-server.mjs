// The floor: Socket.IO with its Redis adapter. Plain JavaScript, because it runs on Bun and Node. Messages of the
// parent: { id, method, input } -> { id, result }.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const requireFrom = (path) =>
  createRequire(fileURLToPath(new URL(`../../${path}/package.json`, import.meta.url)));
const { Server } = requireFrom('services/websocket')('socket.io');
const { createAdapter } = requireFrom('services/websocket')('@socket.io/redis-adapter');
const { Redis } = requireFrom('shared')('iovalkey');

const now = () => performance.timeOrigin + performance.now();
const connect = () => new Redis(process.env.VALKEY_URL, { maxRetriesPerRequest: null });
const http = createServer();
const adapter = createAdapter(connect(), connect(), { key: process.env.BARE_KEY });
const io = new Server(http, { adapter });

io.on('connection', (socket) => {
  socket.on('subscribe', ({ channel }, acknowledge) => {
    socket.join(channel);
    acknowledge({ ok: true, epoch: '', offset: 0, recovered: false, events: [] });
  });
});

const methods = {
  clock: () => now(),
  publish({ channel, data, count }) {
    const startedAt = now();
    for (let offset = 1; offset <= count; offset++) {
      io.to(channel).emit('event', {
        id: 'evt_01aaaaaaaaaaaaaaaaaaaaaaaa', channel,
        epoch: 'bbbbbbbb-cccc-dddd-eeee-ffffffffffff', offset, type: 'member.joined',
        data, at: new Date().toISOString(),
      });
    }
    return startedAt;
  },
};

process.on('message', ({ id, method, input }) => {
  process.send({ id, result: methods[method](input) });
});
process.on('disconnect', () => process.exit());
http.listen(0, '127.0.0.1', () => process.send({ id: 0, result: http.address().port }));
