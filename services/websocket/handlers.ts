import { type SocketInput, type SocketRequest, socketInputs } from '@insightdesk/shared/contract';
import { DomainNotFoundError, ForbiddenError } from '@insightdesk/shared/errors';
import { authenticate } from './connection/authenticate.ts';
import { countSignal } from './connection/count-signal.ts';
import { type Call, defineHandler, type Handler } from './connection/dispatcher.ts';
import { listPresence, setPresence } from './subscriptions/presence.ts';
import { subscribe } from './subscriptions/subscribe.ts';

/** Everything a client may emit. */
export const handlers = {
  subscribe: defineHandler('channels:subscribe', socketInputs.subscribe, subscribe),
  unsubscribe: defineHandler('channels:subscribe', socketInputs.unsubscribe, unsubscribe),
  publish: defineHandler('channels:signal', socketInputs.publish, publish),
  presence: defineHandler('channels:subscribe', socketInputs.presence, listPresence),
  'presence:set': defineHandler('channels:signal', socketInputs['presence:set'], setPresence),
  authenticate: defineHandler('channels:subscribe', socketInputs.authenticate, authenticate),
} satisfies Record<SocketRequest, Handler>;

async function unsubscribe(
  { connection, acknowledge }: Call,
  { channel }: SocketInput<'unsubscribe'>,
) {
  connection.subscriptions.leave(channel);
  acknowledge({});
}

/** Emits a signal to the other sockets of the channel on all replicas; it is never stored. */
async function publish({ connection, acknowledge }: Call, signal: SocketInput<'publish'>) {
  const { socket, subscriptions, access } = connection;
  if (!subscriptions.isJoined(signal.channel)) {
    throw new DomainNotFoundError('This socket is not subscribed to this channel');
  }
  if (signal.channel.startsWith('public-')) {
    throw new ForbiddenError('Only the server publishes to public channels');
  }
  const room = connection.roomFor(signal.channel);
  await countSignal(connection, [room]);
  // It may have left meanwhile.
  if (!subscriptions.isJoined(signal.channel)) return acknowledge({});
  const data = signal.data ?? null;
  socket.to(room).emit('signal', { ...signal, data, from: access.userId });
  acknowledge({});
}
