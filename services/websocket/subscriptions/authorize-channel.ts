import { type CallContext, can, credentialIdOf, isMember } from '@insightdesk/shared/context';
import { DomainNotFoundError, UnauthenticatedError } from '@insightdesk/shared/errors';
import type { Services } from '../connection/services.ts';

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
