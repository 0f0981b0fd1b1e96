import type { UserTenantContext } from '@insightdesk/shared/context';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { quotaKey, requireDailyQuota } from '../accounts/consume-daily-quota.ts';
import { users } from '../tables.ts';
import { InvitationErrors, MemberErrors } from './errors.ts';
import { invitationCreated } from './events.ts';
import type { invitations } from './tables.ts';

type Invitation = Pick<typeof invitations.$inferSelect, 'id' | 'email' | 'role' | 'sendCount'>;

/** Consumes one of the organization's daily invitations; throws 429 when none is left. */
export async function requestInvitationEmail(
  ctx: UserTenantContext,
  { id: invitationId, email, role, sendCount }: Invitation,
): Promise<void> {
  const { tx, tenantId, actor, limits } = ctx;
  await requireDailyQuota(ctx, quotaKey('invitations', tenantId), {
    max: limits.invitationsPerDay,
    exceeded: InvitationErrors.QuotaExceeded,
  });
  const [names] = await tx
    .select({ organizationName: organizations.name, inviterName: users.name })
    .from(organizations)
    .innerJoin(users, eq(users.id, actor.userId))
    .where(eq(organizations.id, tenantId));
  if (!names) throw MemberErrors.NotFound();
  await record(ctx, invitationCreated, { invitationId, email, role, sendCount, ...names });
}
