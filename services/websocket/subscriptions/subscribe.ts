import type { SocketInput } from '@insightdesk/shared/contract';
import { ConflictError } from '@insightdesk/shared/errors';
import { callContext } from '../connection/connection.ts';
import type { Call } from '../connection/guard.ts';
import { authorize } from './authorize.ts';

/**
 * Lets a socket into a channel, from where it was before when it says so. The acknowledgement with
 * the missed events comes first, live events after, none lost or double in between.
 */
export async function subscribe(call: Call, input: SocketInput<'subscribe'>) {
  const { connection, requestId, acknowledge } = call;
  const { channel, epoch, offset } = input;
  const { socket, services, subscriptions } = connection;
  const subscription = subscriptions.begin(channel);
  const assertWanted = () => {
    if (!subscriptions.isWanted(channel, subscription)) {
      throw new ConflictError('Unsubscribed meanwhile');
    }
  };
  try {
    await connection.inTurn(async () => {
      assertWanted();
      await authorize(services, callContext(connection, requestId), channel);
    });
    assertWanted();
    // A second subscribe to a channel starts over from the position it names.
    if (subscription.isRepeated) subscriptions.leaveRoom(channel);
    const after = epoch !== undefined && offset !== undefined ? { epoch, offset } : undefined;
    await services.hub.join(connection.roomFor(channel), socket.id, after, (snapshot, later) => {
      acknowledge(snapshot);
      for (const event of later) socket.emit('event', event);
      subscriptions.enter(channel, subscription);
    });
  } catch (error) {
    if (subscriptions.isWanted(channel, subscription)) subscriptions.leave(channel);
    throw error;
  }
}
