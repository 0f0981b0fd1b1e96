import { ConflictError, TooManyRequestsError } from '@insightdesk/shared/errors';
import { authorize } from './authorize.ts';
import type { Call } from './guard.ts';
import { appear } from './presence.ts';
import { callerOf, type Session, type Subscription } from './session.ts';

export interface SubscribeInput {
  channel: string;
  epoch?: string | undefined;
  offset?: number | undefined;
}

/**
 * Lets a socket into a channel, from where it was before when it says so. The acknowledgement with
 * the missed events comes first, live events after, none lost or double in between.
 */
export async function subscribe(call: Call, { channel, epoch, offset }: SubscribeInput) {
  const { session, requestId, acknowledge } = call;
  const { socket, services, subscriptions } = session;
  const subscription = reserve(session, channel);
  const assertWanted = () => {
    if (subscriptions.get(channel) === subscription && socket.connected) return;
    throw new ConflictError('Unsubscribed meanwhile');
  };
  try {
    await session.inTurn(async () => {
      assertWanted();
      await authorize(services, callerOf(session, requestId), channel);
    });
    assertWanted();
    // A second subscribe to a channel starts over from the position it names.
    session.leaveRoom(channel);
    const room = session.roomFor(channel);
    const after = epoch !== undefined && offset !== undefined ? { epoch, offset } : undefined;
    await services.hub.join(room, socket.id, after, (snapshot, later) => {
      acknowledge({ ...snapshot });
      for (const event of later) socket.emit('event', event);
      void socket.join(room);
      subscription.isJoined = true;
      appear(session, channel);
    });
  } catch (error) {
    if (subscriptions.get(channel) === subscription) session.leave(channel);
    throw error;
  }
}

function reserve(session: Session, channel: string): Subscription {
  const { subscriptions, services, access } = session;
  const known = subscriptions.get(channel);
  if (known && !known.isJoined) throw new ConflictError('This subscription is under way already');
  if (!known && subscriptions.size >= services.maxChannelsPerSocket) {
    throw new TooManyRequestsError(
      `A socket may have ${services.maxChannelsPerSocket} channels; unsubscribe from some first`,
      { code: 'TOO_MANY_CHANNELS', retryable: false },
    );
  }
  if (!known) services.channelQuota.take(access.tenantId);
  const subscription = { isJoined: false };
  subscriptions.set(channel, subscription);
  return subscription;
}
