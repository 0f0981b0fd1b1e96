import type { TenantContext } from '@insightdesk/shared/context';
import { isId } from '@insightdesk/shared/contract';
import { findMember, findMemberByEmail } from '@insightdesk/shared/domain/identity/users';
import { DomainValidationError } from '@insightdesk/shared/errors';
import type { z } from 'zod';
import type { emailRequested } from './events.ts';

type Request = z.output<typeof emailRequested.payload>;

/** The active member who is meant, by id or address, once its address is known to be its own. */
export async function findRecipient(ctx: TenantContext, to: Request['to']) {
  const member = await (isId('usr', to) ? findMember(ctx, to) : findMemberByEmail(ctx, to));
  return member?.emailVerifiedAt || !ctx.settings.requiresVerifiedEmail ? member : undefined;
}

/** Throws unless the e-mail would go to a member: this is no open relay. */
export async function requireRecipient(ctx: TenantContext, { to }: Request): Promise<void> {
  if (await findRecipient(ctx, to)) return;
  throw new DomainValidationError('The recipient must be a member of the organisation', {
    errors: [{ path: 'payload.to', message: 'Not an active member with a verified address' }],
  });
}
