import type { SocketInput } from '@insightdesk/shared/contract';
import { ConflictError } from '@insightdesk/shared/errors';
import { callContext } from '../connection/connection.ts';
import type { Call } from '../connection/dispatcher.ts';
import { authorizeChannel } from './authorize-channel.ts';

/**
 * Subscribes a socket to a channel, from its last position if given. The acknowledgement with the
 * missed events is sent first, live events after it, none lost or duplicated in between.
 */
export async function subscribe(call: Call, input: SocketInput<'subscribe'>) {
  const { connection, requestId, acknowledge } = call;
  const { channel, epoch, offset } = input;
  const { socket, services, subscriptions } = connection;
  const subscription = subscriptions.create(channel);
  const requireCurrent = () => {
    if (!subscriptions.isCurrent(channel, subscription)) {
      throw new ConflictError('The channel was unsubscribed meanwhile');
    }
  };
  try {
    await connection.withAuthorizationSlot(async () => {
      requireCurrent();
      await authorizeChannel(services, callContext(connection, requestId), channel);
    });
    requireCurrent();
    // A second subscribe to a channel starts over from the position it names.
    if (subscription.isRepeated) subscriptions.leaveRoom(channel);
    const after = epoch !== undefined && offset !== undefined ? { epoch, offset } : undefined;
    await services.hub.join(connection.roomFor(channel), socket.id, after, (snapshot, later) => {
      acknowledge(snapshot);
      for (const event of later) socket.emit('event', event);
      subscriptions.join(channel, subscription);
    });
  } catch (error) {
    if (subscriptions.isCurrent(channel, subscription)) subscriptions.leave(channel);
    throw error;
  }
}
