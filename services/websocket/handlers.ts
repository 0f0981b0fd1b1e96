import { type SocketInput, type SocketRequest, socketInputs } from '@insightdesk/shared/contract';
import { DomainNotFoundError, ForbiddenError } from '@insightdesk/shared/errors';
import { type Call, defineHandler, type Handler } from './guard.ts';
import { listPresent, setPresence } from './presence.ts';
import { callerOf } from './session.ts';
import { subscribe } from './subscribe.ts';

/** Everything a client may emit; a socket reaches nothing else. */
export const handlers = {
  subscribe: defineHandler(socketInputs.subscribe, subscribe),
  unsubscribe: defineHandler(socketInputs.unsubscribe, unsubscribe),
  publish: defineHandler(socketInputs.publish, publish),
  presence: defineHandler(socketInputs.presence, listPresent),
  'presence:set': defineHandler(socketInputs['presence:set'], setPresence),
  authenticate: defineHandler(socketInputs.authenticate, authenticate),
} satisfies Record<SocketRequest, Handler>;

async function unsubscribe({ session, acknowledge }: Call, input: { channel: string }) {
  session.leave(input.channel);
  acknowledge({});
}

/** To everyone else in the channel on any replica; never stored. */
async function publish({ session, acknowledge }: Call, signal: SocketInput<'publish'>) {
  const { socket, subscriptions, access } = session;
  if (!subscriptions.get(signal.channel)?.isJoined) {
    throw new DomainNotFoundError('You are not subscribed to this channel');
  }
  const data = signal.data ?? null;
  socket
    .to(session.roomFor(signal.channel))
    .emit('signal', { ...signal, data, from: access.userId });
  acknowledge({});
}

/** Renews a live socket: the same person in the same organisation, with a fresher token. */
async function authenticate(call: Call, { token }: { token: string }) {
  const { session, requestId, acknowledge } = call;
  const { tokens, sessionRecords } = session.services;
  const access = await tokens.verifyAccess(token);
  const before = session.access;
  const { userId, tenantId } = before;
  if (access.userId !== userId || access.tenantId !== tenantId) {
    throw new ForbiddenError('The token is of someone else; open another socket for it');
  }
  // Renewed before it is asked for: what ends in between is heard.
  session.renew(access);
  try {
    await sessionRecords.require(callerOf(session, requestId));
  } catch (error) {
    if (session.access === access) session.renew(before);
    throw error;
  }
  acknowledge({ expiresAt: new Date(access.expiresAt).toISOString() });
}
