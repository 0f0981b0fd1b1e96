import { DomainNotFoundError, ForbiddenError } from '@insightdesk/shared/errors';
import { z } from 'zod';
import { type Call, defineHandler } from './guard.ts';
import { listPresent, presenceSetInput, setPresence } from './presence.ts';
import { callerOf } from './session.ts';
import { subscribe } from './subscribe.ts';

const channel = z.string().min(1).max(200);
const bothOrNone = ({ epoch, offset }: { epoch?: unknown; offset?: unknown }) =>
  (epoch === undefined) === (offset === undefined);

const subscribeInput = z
  .strictObject({
    channel,
    epoch: z.string().min(1).max(64).optional(),
    offset: z.int().nonnegative().optional(),
  })
  .refine(bothOrNone, { error: 'epoch and offset belong together', path: ['offset'] });

const MAX_SIGNAL_BYTES = 4_096;
const signalData = z.unknown().refine((value) => sizeBytes(value) <= MAX_SIGNAL_BYTES, {
  error: `At most ${MAX_SIGNAL_BYTES} bytes of JSON`,
});
const publishInput = z.strictObject({
  channel,
  type: z.string().regex(/^[a-z][a-z.-]{0,40}$/, { error: 'Lower-case words with dots or dashes' }),
  data: signalData,
});
const authenticateInput = z.strictObject({ token: z.string().min(1).max(8_192) });

/** Everything a client may emit; a socket reaches nothing else. */
export const handlers = {
  subscribe: defineHandler(subscribeInput, subscribe),
  unsubscribe: defineHandler(z.strictObject({ channel }), unsubscribe),
  publish: defineHandler(publishInput, publish),
  presence: defineHandler(z.strictObject({ channel }), listPresent),
  'presence:set': defineHandler(presenceSetInput, setPresence),
  authenticate: defineHandler(authenticateInput, authenticate),
};

async function unsubscribe({ session, acknowledge }: Call, input: { channel: string }) {
  session.leave(input.channel);
  acknowledge({});
}

/** To everyone else in the channel on any replica; never stored. */
async function publish({ session, acknowledge }: Call, signal: z.output<typeof publishInput>) {
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

function sizeBytes(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? '');
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
