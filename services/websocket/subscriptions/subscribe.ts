import { type CallContext, can, credentialIdOf, isMember } from '@insightdesk/shared/context';
import type { SocketInput } from '@insightdesk/shared/contract';
import {
  ConflictError,
  DomainNotFoundError,
  TooManyRequestsError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';
import { type Connection, callContext } from '../connection/connection.ts';
import type { Call } from '../connection/dispatcher.ts';
import type { Services } from '../connection/services.ts';

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
    const after = epoch !== undefined && offset !== undefined ? { epoch, offset } : undefined;
    const join = async () => {
      requireCurrent();
      // A second subscribe to a channel starts over from the position it names.
      if (subscription.isRepeated) subscriptions.leaveRoom(channel);
      await services.hub.join(connection.roomFor(channel), socket.id, after, (page, later) => {
        const { bytes, ...snapshot } = page;
        chargeHistory(connection, bytes);
        acknowledge(snapshot);
        for (const event of later) socket.emit('event', event);
        subscriptions.join(channel, subscription);
      });
    };
    await connection.withAuthorizationSlot(async () => {
      requireCurrent();
      await authorizeChannel(services, callContext(connection, requestId), channel);
      if (!after) return;
      // In the slot: so a socket reads little history before it is charged for it.
      await waitForHistory(connection);
      await join();
    });
    if (!after) await join();
  } catch (error) {
    if (subscriptions.isCurrent(channel, subscription)) subscriptions.leave(channel);
    throw error;
  }
}

const MAX_HISTORY_WAIT_MS = 8_000;

/** Waits until the history that the user's sockets have read is paid; throws 429 if that takes long. */
async function waitForHistory({ services, access }: Connection): Promise<void> {
  const delayMs = services.userLimits?.of(access).history.delayMs() ?? 0;
  if (delayMs > MAX_HISTORY_WAIT_MS) {
    throw new TooManyRequestsError('Too much history was read; try again later');
  }
  if (delayMs > 0) await sleep(delayMs);
}

const chargeHistory = ({ services, access }: Connection, bytes: number) =>
  services.userLimits?.of(access).history.charge(bytes);

type Needed = Pick<Services, 'channels' | 'context' | 'sessions'>;

/** Throws 404 unless the caller may subscribe, also when the channel exists for others. */
export async function authorizeChannel(
  { channels, context, sessions }: Needed,
  call: CallContext,
  name: string,
): Promise<void> {
  const { actor, tenantId } = call;
  if (!isMember(actor) || !tenantId) throw new UnauthenticatedError();
  const channel = channels.find(name);
  if (!channel || !can(actor, channel.permission)) throw unknownChannel();
  const isAllowed = channel.allow({ ...context(call), actor, tenantId });
  if (!(isAllowed instanceof Promise)) {
    await sessions.verify({ ...actor, sessionId: credentialIdOf(actor), tenantId });
  }
  if ((await isAllowed) !== true) throw unknownChannel();
}

const unknownChannel = () => new DomainNotFoundError('Unknown channel');
