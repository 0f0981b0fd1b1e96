import type { TenantContext } from '@insightdesk/shared/context';
import { isId } from '@insightdesk/shared/contract';
import { findMember, findMemberByEmail } from '@insightdesk/shared/domain/identity/users';
import { DomainValidationError } from '@insightdesk/shared/errors';
import type { z } from 'zod';
import type { emailRequested } from './events.ts';

type Request = z.output<typeof emailRequested.payload>;

/** The active member with this id or address, if its address is verified where that is required. */
export async function findRecipient(ctx: TenantContext, to: Request['to']) {
  const member = await (isId('usr', to) ? findMember(ctx, to) : findMemberByEmail(ctx, to));
  return member?.emailVerifiedAt || !ctx.settings.requiresVerifiedEmail ? member : undefined;
}

/** Throws unless the recipient is a member: the application is not an open relay. */
export async function requireRecipient(ctx: TenantContext, { to }: Request): Promise<void> {
  if (await findRecipient(ctx, to)) return;
  throw new DomainValidationError('The recipient is not a member of the organization', {
    errors: [{ path: 'payload.to', message: 'Not an active member with a verified address' }],
  });
}
