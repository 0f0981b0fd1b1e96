import type { SocketInput } from '@insightdesk/shared/contract';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import type { SocketOfUser } from '@insightdesk/shared/realtime';
import type { Call } from './guard.ts';
import type { Session } from './session.ts';

const MAX_MEMBERS = 500;

const isPresence = (channel: string) => channel.startsWith('presence-');
const memberOf = ({ access, socket }: Session): SocketOfUser => ({
  userId: access.userId,
  socketId: socket.id,
});

/** A socket that has joined a presence channel is one of its members from now on. */
export function appear(session: Session, channel: string): void {
  if (!isPresence(channel)) return;
  void session.services.presenceMembers.hold(
    session.roomFor(channel),
    memberOf(session),
    session.presence,
  );
}

/** It is no longer: at once, or after a grace when it may come back. */
export function vanish(session: Session, channel: string, how: 'left' | 'lost'): void {
  if (!isPresence(channel)) return;
  void session.services.presenceMembers.release(session.roomFor(channel), memberOf(session), how);
}

/** Who is in a presence channel that the socket is in. */
export async function listPresent({ session, acknowledge }: Call, input: { channel: string }) {
  const { channel } = input;
  if (!isPresence(channel) || !session.subscriptions.get(channel)?.isJoined) {
    throw new DomainNotFoundError('You are not subscribed to this presence channel');
  }
  const members = await session.services.presenceMembers.list(session.roomFor(channel));
  acknowledge({ members: members.slice(0, MAX_MEMBERS), total: members.length });
}

/** What the socket's holder says of itself, in all presence channels that the socket is in. */
export async function setPresence(
  { session, acknowledge }: Call,
  { status, metadata = null }: SocketInput<'presence:set'>,
) {
  session.presence = { status, metadata, setAtMs: Date.now() };
  const channels = [...session.subscriptions].filter(
    ([channel, { isJoined }]) => isJoined && isPresence(channel),
  );
  const { presenceMembers } = session.services;
  await Promise.all(
    channels.map(([channel]) =>
      presenceMembers.hold(session.roomFor(channel), memberOf(session), session.presence),
    ),
  );
  acknowledge({});
}
