import type { UserTenantContext } from '@insightdesk/shared/context';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { UserErrors } from '../errors.ts';
import { invitationCreated } from '../events.ts';
import { type invitations, users } from '../tables.ts';
import { quotaKey, secondsUntilReset, consumeDailyQuota } from '../accounts/consume-daily-quota.ts';

type Invitation = Pick<typeof invitations.$inferSelect, 'id' | 'email' | 'role' | 'sends'>;

/** Has an invitation mailed, which counts for the organisation's day; throws 429 when that is over. */
export async function requestInvitationEmail(
  ctx: UserTenantContext,
  { id: invitationId, email, role, sends }: Invitation,
): Promise<void> {
  const { tx, tenantId, actor, limits } = ctx;
  if (!(await consumeDailyQuota(ctx, quotaKey('invitations', tenantId), limits.invitationsPerDay))) {
    throw UserErrors.InvitationQuota(secondsUntilReset());
  }
  const [names] = await tx
    .select({ organizationName: organizations.name, inviterName: users.name })
    .from(organizations)
    .innerJoin(users, eq(users.id, actor.userId))
    .where(eq(organizations.id, tenantId));
  if (!names) throw UserErrors.NotFound();
  await record(ctx, invitationCreated, { invitationId, email, role, sends, ...names });
}
