import { type CallContext, can } from '@insightdesk/shared/context';
import { DomainNotFoundError, UnauthenticatedError } from '@insightdesk/shared/errors';
import type { Services } from '../connection/connection.ts';

type Needed = Pick<Services, 'channels' | 'context' | 'sessionRecords'>;

/** Lets the caller into a channel or throws 404: a stranger does not learn that it exists. */
export async function authorize(
  { channels, context, sessionRecords }: Needed,
  call: CallContext,
  name: string,
): Promise<void> {
  const { actor, tenantId } = call;
  if (actor.kind !== 'user' || !tenantId) throw new UnauthenticatedError();
  const channel = channels.find(name);
  if (!channel || !can(actor, channel.permission)) throw unknownChannel();
  const answer = channel.allow({ ...context(call), actor, tenantId });
  if (!(answer instanceof Promise)) await sessionRecords.require({ ...actor, tenantId });
  if ((await answer) !== true) throw unknownChannel();
}

const unknownChannel = () => new DomainNotFoundError('There is no such channel');
