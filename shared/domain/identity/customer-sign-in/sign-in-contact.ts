import type { TenantContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { findMember, signIn } from '@insightdesk/shared/domain/identity/users';
import type { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { CustomerSignInErrors } from './errors.ts';

interface ContactSignIn {
  contactId: Id<'usr'>;
  organization: typeof organizations.$inferSelect;
  /** The second factor that the contact's account has verified. */
  factorId?: string | undefined;
}

/**
 * Creates a session of a contact, which is limited to the organization. A second factor that the
 * organization requires is for accounts: the session counts as having one. Throws 403 for a contact that
 * is no active customer.
 */
export async function signInContact(
  ctx: TenantContext,
  { contactId, organization, factorId = toUuid(contactId) }: ContactSignIn,
) {
  const user = await findMember(ctx, contactId);
  if (user?.role !== 'customer') throw CustomerSignInErrors.Blocked();
  return signIn(ctx, { user, organization, role: 'customer', isContact: true, factorId });
}
