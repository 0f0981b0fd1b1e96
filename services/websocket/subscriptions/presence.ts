import type { SocketInput } from '@insightdesk/shared/contract';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import { countSignal } from '../connection/count-signal.ts';
import type { Call } from '../connection/dispatcher.ts';
import { isPresenceChannel } from './subscriptions.ts';

const MAX_MEMBERS = 500;

/** Lists the members of a presence channel that the socket is in. */
export async function listPresence(
  { connection, acknowledge }: Call,
  { channel }: SocketInput<'presence'>,
) {
  if (!isPresenceChannel(channel) || !connection.subscriptions.isJoined(channel)) {
    throw new DomainNotFoundError('This socket is not subscribed to this presence channel');
  }
  const { presenceMembers } = connection.services;
  const members = await presenceMembers.list(connection.roomFor(channel));
  acknowledge({ members: members.slice(0, MAX_MEMBERS), total: members.length });
}

/** Sets status and metadata of the socket in all its presence channels. */
export async function setPresence(
  { connection, acknowledge }: Call,
  { status, metadata = null }: SocketInput<'presence:set'>,
) {
  const { subscriptions } = connection;
  await countSignal(connection, subscriptions.presenceRooms());
  await subscriptions.setPresence({ status, metadata, setAtMs: Date.now() });
  acknowledge({});
}
