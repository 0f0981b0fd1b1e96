import {
  type Context,
  defineAction,
  displayName,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { violatedConstraint } from '@insightdesk/shared/database';
import {
  organizations,
  requireSeat,
  TenantErrors,
  toOrganization,
} from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { and, eq, isNotNull, isNull } from 'drizzle-orm';
import { z } from 'zod';
import {
  findByCredentials,
  createAccount,
  password,
  rejectWeakPassword,
  requireUnchangedPassword,
} from '../accounts/find-by-credentials.ts';
import { UserErrors } from '../errors.ts';
import { memberJoined } from '../events.ts';
import { twoFactorCode } from '../two-factor/two-factor-fields.ts';
import { readInvitationToken } from '../members/invitation-token.ts';
import { createSession } from '../sessions/create-session.ts';
import { verifySecondFactor } from './verify-second-factor.ts';
import { requireInviterCanInvite } from '../members/require-can-invite.ts';
import { invitations, members, users } from '../tables.ts';
import { signedInView, toUser } from '../view.ts';

/**
 * Joins the organisation. The mailed token shows whose the address is; the account that has shown
 * it before proves itself by its password, and accounts that only claim the address count for nothing.
 */
export const acceptInvitation = defineAction({
  summary: 'Accept an invitation',
  input: z.strictObject({
    token: z.string().max(1000),
    name: displayName(200),
    password,
    code: twoFactorCode.optional(),
  }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, input) {
    const { tenantId, id } = readInvitationToken(ctx, input.token);
    const invited = { ...ctx, actor: { kind: 'anonymous' }, tenantId } as const;
    const invitation = await requireInvitation(invited, id);
    const { email, role } = invitation;
    rejectWeakPassword(input.password, [email, input.name]);
    const proven = await findByCredentials(ctx, { email, password: input.password });
    const proof = await verifySecondFactor(ctx, proven?.id ?? newId('usr'), {
      by: 'password',
      code: input.code,
    });
    const passwordHash = await ctx.security.passwords.hash(input.password);
    return withTenant(invited, async (tenant) => {
      await take(tenant, invitation);
      const user = await enter(tenant, { email, name: input.name }, proven, passwordHash);
      const joined = await tenant.tx
        .insert(members)
        .values({ tenantId, userId: user.id, role })
        .onConflictDoUpdate({
          target: [members.tenantId, members.userId],
          set: { role, removedAt: null },
          setWhere: isNotNull(members.removedAt),
        })
        .returning({ role: members.role });
      if (joined.length === 0) throw UserErrors.AlreadyMember();
      if (role !== 'customer') await requireSeat(tenant);
      await record(tenant, memberJoined, { userId: user.id, name: user.name, role });
      const organization = await requireEnabled(tenant);
      const pair = await createSession(tenant, { tenantId, userId: user.id, role, ...proof });
      return { user: toUser(user), organization: toOrganization(organization), ...pair };
    }).catch((error) => {
      const isRace = violatedConstraint(error) === 'users_verified_email';
      throw isRace ? UserErrors.InvalidCredentials() : error;
    });
  },
});

/**
 * Uses the invitation up, if whoever made it may still offer what it says. Its maker comes first,
 * as in his removal: both at once wait for each other in one order.
 */
async function take(
  tenant: TenantContext,
  { id, invitedBy, role }: typeof invitations.$inferSelect,
): Promise<void> {
  const { tx, tenantId } = tenant;
  await requireInviterCanInvite(tenant, { invitedBy, role });
  const taken = await tx
    .update(invitations)
    .set({ acceptedAt: new Date() })
    .where(
      and(
        eq(invitations.tenantId, tenantId),
        eq(invitations.id, id),
        eq(invitations.invitedBy, invitedBy),
        isNull(invitations.acceptedAt),
      ),
    )
    .returning({ id: invitations.id });
  if (taken.length === 0) throw UserErrors.InvitationInvalid();
}

/** The verified account of the address: the one there is, one that becomes it, or a new one. */
async function enter(
  tenant: TenantContext,
  person: { email: string; name: string },
  proven: Awaited<ReturnType<typeof findByCredentials>>,
  passwordHash: string,
) {
  const { tx } = tenant;
  const emailVerifiedAt = new Date();
  const [owner] = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.email, person.email), isNotNull(users.emailVerifiedAt)));
  if (owner && owner.id !== proven?.id) throw UserErrors.InvalidCredentials();
  if (!proven) {
    const fresh = { id: newId('usr'), ...person };
    await createAccount(tenant, { ...fresh, emailVerifiedAt }, passwordHash);
    return fresh;
  }
  await requireUnchangedPassword(tenant, proven, 'no key update');
  if (!owner) {
    const stillIts = and(eq(users.id, proven.id), eq(users.email, person.email));
    const verified = await tx.update(users).set({ emailVerifiedAt }).where(stillIts).returning();
    if (verified.length === 0) throw UserErrors.InvalidCredentials();
  }
  return proven;
}

async function requireInvitation(ctx: Context & { tenantId: Id<'org'> }, id: Id<'inv'>) {
  const [invitation] = await ctx.database.read({ tenantId: ctx.tenantId }, (tx) =>
    tx
      .select()
      .from(invitations)
      .where(and(eq(invitations.tenantId, ctx.tenantId), eq(invitations.id, id)))
      .execute(),
  );
  if (!invitation || invitation.expiresAt < new Date()) throw UserErrors.InvitationInvalid();
  if (invitation.acceptedAt) throw UserErrors.InvitationUsed();
  return invitation;
}

async function requireEnabled({ tx, tenantId }: TenantContext) {
  const [organization] = await tx
    .select()
    .from(organizations)
    .where(eq(organizations.id, tenantId));
  if (!organization) throw UserErrors.InvitationInvalid();
  if (organization.disabledAt) throw TenantErrors.Disabled();
  return organization;
}
