import type { SocketInput } from '@insightdesk/shared/contract';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import { countSignal } from '../connection/count-signal.ts';
import type { Call } from '../connection/guard.ts';
import { isPresence } from './subscriptions.ts';

const MAX_MEMBERS = 500;

/** Who is in a presence channel that the socket is in. */
export async function listPresent(
  { connection, acknowledge }: Call,
  { channel }: SocketInput<'presence'>,
) {
  if (!isPresence(channel) || !connection.subscriptions.isIn(channel)) {
    throw new DomainNotFoundError('You are not subscribed to this presence channel');
  }
  const { presenceMembers } = connection.services;
  const members = await presenceMembers.list(connection.roomFor(channel));
  acknowledge({ members: members.slice(0, MAX_MEMBERS), total: members.length });
}

/** What the socket's holder says of itself, in all presence channels that the socket is in. */
export async function setPresence(
  { connection, acknowledge }: Call,
  { status, metadata = null }: SocketInput<'presence:set'>,
) {
  const { subscriptions } = connection;
  await countSignal(connection, subscriptions.presenceRooms());
  await subscriptions.setPresence({ status, metadata, setAtMs: Date.now() });
  acknowledge({});
}
