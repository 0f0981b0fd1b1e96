import {
  defineAction,
  type TenantContext,
  type UserContext,
  withTenant,
} from '@insightdesk/shared/context';
import { type Id, type Role, toUuid } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import {
  deleteFactors,
  FactorErrors,
  findFactors,
  hasSecondFactor,
  verifyCode,
} from '@insightdesk/shared/domain/identity/mfa';
import { record } from '@insightdesk/shared/events';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { currentPassword, twoFactorCode } from '../accounts/credential-fields.ts';
import { revokeEmailLinks } from '../accounts/email-links.ts';
import { accountDeleted } from '../accounts/events.ts';
import { confirmPassword } from '../accounts/find-by-credentials.ts';
import { sessions } from '../sessions/tables.ts';
import { MemberErrors } from './errors.ts';
import { listOwners } from './find-member.ts';
import { forEachOtherOrganization } from './for-each-other-organization.ts';
import { listMemberships } from './list-memberships.ts';
import { endMembership } from './remove-member.ts';

const MAX_NAMES = 5;

/**
 * Deletes the caller's account: it leaves all organizations, and its name, address, password and
 * second factors are deleted. Messages stay, by a deleted user. The current organization is the last
 * one, so that a request that failed in between can be repeated. Throws 409 for the only owner of an
 * organization.
 */
export const deleteMe = defineAction({
  summary: "Delete the caller's account",
  input: z.strictObject({
    password: currentPassword,
    code: twoFactorCode.optional().describe('Code of the second factor, if one is set up'),
  }),
  output: z.void(),
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, { password, code }) {
    const { userId } = ctx.actor;
    const { email } = await confirmPassword(ctx, password);
    await confirmSecondFactor(ctx, code);
    const memberships = await listMemberships(ctx, userId);
    await requireOtherOwners(ctx, memberships);
    await forEachOtherOrganization(ctx, memberships, (tenant, { role }) =>
      leave(tenant, { id: userId, role }),
    );
    await withTenant(ctx, async (tenant) => {
      await leave(tenant, { id: userId, role: ctx.actor.role });
      await revokeEmailLinks(tenant, { id: userId, email });
      await deleteFactors(tenant.tx, userId);
      await record(tenant, accountDeleted, { userId });
      await tenant.tx.execute(sql`select app.delete_account()`);
    });
  },
});

/** Throws 401 without a code while a second factor is set up. */
async function confirmSecondFactor(ctx: UserContext, code: string | undefined): Promise<void> {
  const { userId } = ctx.actor;
  if (!hasSecondFactor(await findFactors(ctx, userId))) return;
  if (code === undefined) throw FactorErrors.Required();
  await verifyCode(ctx, userId, code);
}

/** Checks all organizations before the first one changes; each is checked again under its lock. */
async function requireOtherOwners(
  ctx: UserContext,
  memberships: readonly { id: Id<'org'>; name: string; role: Role }[],
): Promise<void> {
  const alone: string[] = [];
  for (const { id: tenantId, name, role } of memberships) {
    if (role !== 'owner') continue;
    const owners = await ctx.database.read({ tenantId }, (tx) =>
      listOwners({ ...ctx, tenantId, tx }),
    );
    if (!owners.some(({ id }) => id !== ctx.actor.userId)) alone.push(name);
    if (alone.length === MAX_NAMES) break;
  }
  if (alone.length > 0) throw MemberErrors.LastOwnerOf(alone);
}

/** Ends the membership, and deletes what the organization has stored about the user's devices. */
async function leave(tenant: TenantContext, member: { id: Id<'usr'>; role: Role }): Promise<void> {
  const { tx, tenantId } = tenant;
  const { id: userId } = member;
  await endMembership(tenant, member);
  await tx
    .update(sessions)
    .set({ ip: null, userAgent: null })
    .where(matches(sessions, { tenantId, userId }));
  await tx.execute(sql`delete from identity_links
    where tenant_id = ${toUuid(tenantId)}::uuid and user_id = ${toUuid(userId)}::uuid`);
}
