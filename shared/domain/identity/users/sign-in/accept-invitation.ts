import {
  type Context,
  defineAction,
  displayName,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches, onViolation } from '@insightdesk/shared/database';
import {
  requireEnabledOrganization,
  requireSeat,
} from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { and, eq, isNotNull, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { createAccount } from '../accounts/create-account.ts';
import { newPassword, rejectWeakPassword, twoFactorCode } from '../accounts/credential-fields.ts';
import { AccountErrors } from '../accounts/errors.ts';
import { findByCredentials } from '../accounts/find-by-credentials.ts';
import { findUserByEmail } from '../accounts/find-user-by-email.ts';
import { requireRegistration } from '../accounts/require-registration.ts';
import { requireUnchangedPassword } from '../accounts/require-unchanged-password.ts';
import { setEmail } from '../accounts/set-email.ts';
import { InvitationErrors, MemberErrors } from '../members/errors.ts';
import { memberJoined } from '../members/events.ts';
import { decodeInvitationToken } from '../members/find-pending-invitation.ts';
import { requireInviterCanInvite } from '../members/require-can-invite.ts';
import { invitations } from '../members/tables.ts';
import { members, users } from '../tables.ts';
import { signedInView, signIn } from './sign-in.ts';
import { verifySecondFactor } from './verify-second-factor.ts';

/**
 * Creates a member. The emailed token proves access to the address. The account that has verified the
 * address authenticates with its password; accounts that have not verified it are ignored.
 */
export const acceptInvitation = defineAction({
  summary: 'Accept an invitation',
  input: z.strictObject({
    token: z.string().max(1000),
    name: displayName(200).optional().describe('Required without an account'),
    password: newPassword,
    code: twoFactorCode.optional(),
  }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, input) {
    const { tenantId, id } = decodeInvitationToken(ctx, input.token);
    const anonymous = { ...ctx, actor: { kind: 'anonymous' }, tenantId } as const;
    const invitation = await requireInvitation(anonymous, id);
    const { email, role } = invitation;
    rejectWeakPassword(input.password, [email, input.name ?? '']);
    const existing = await findByCredentials(ctx, { email, password: input.password });
    const method = { by: 'password', code: input.code } as const;
    const authentication = await verifySecondFactor(ctx, existing?.id ?? newId('usr'), method);
    const user = existing ?? (await newUser(ctx, email, input.name));
    const passwordHash = await ctx.security.passwords.hash(input.password);
    return withTenant(anonymous, async (tenant) => {
      await useInvitation(tenant, invitation);
      if (!existing) await createAccount(tenant, { ...user, passwordHash, isVerified: true });
      const joined = await tenant.tx
        .insert(members)
        .values({ tenantId, userId: user.id, role })
        .onConflictDoUpdate({
          target: [members.tenantId, members.userId],
          set: { role, removedAt: null },
          setWhere: isNotNull(members.removedAt),
        })
        .returning({ role: members.role });
      if (joined.length === 0) throw MemberErrors.AlreadyMember();
      if (existing) await requireVerifiedAccount(tenant, existing, email);
      if (role !== 'customer') await requireSeat(tenant);
      await record(tenant, memberJoined, { userId: user.id, name: user.name, role });
      const organization = await requireEnabledOrganization(tenant);
      return signIn(tenant, { user, organization, role, ...authentication });
    }).catch(onViolation('users_verified_email', AccountErrors.InvalidCredentials));
  },
});

/** Throws 401 when the address has an account, whose password is another one, and 422 without a name. */
async function newUser(ctx: Context, email: string, name: string | undefined) {
  const isClosed = ctx.settings.registration === 'closed';
  if (name !== undefined && !isClosed) return { id: newId('usr'), email, name };
  if (await findUserByEmail(ctx, email)) throw AccountErrors.InvalidCredentials();
  requireRegistration(ctx, 'invitation');
  throw AccountErrors.NameRequired();
}

/**
 * Marks the invitation as accepted if the inviter can still assign its role. Locks the inviter first,
 * in the same order as removeMember.
 */
async function useInvitation(
  tenant: TenantContext,
  { id, invitedBy, role }: typeof invitations.$inferSelect,
): Promise<void> {
  const { tx, tenantId } = tenant;
  await requireInviterCanInvite(tenant, { invitedBy, role });
  const accepted = await tx
    .update(invitations)
    .set({ acceptedAt: new Date() })
    .where(and(matches(invitations, { tenantId, id, invitedBy }), isNull(invitations.acceptedAt)))
    .returning({ id: invitations.id });
  if (accepted.length === 0) throw InvitationErrors.Invalid();
}

/**
 * The account that authenticated with the password and is a member now, so that its row is visible. It
 * still has the invited address, which becomes verified unless another account has verified it.
 */
async function requireVerifiedAccount(
  tenant: TenantContext,
  existing: NonNullable<Awaited<ReturnType<typeof findByCredentials>>>,
  email: string,
): Promise<void> {
  await requireUnchangedPassword(tenant, existing, 'no key update');
  const [current] = await tenant.tx
    .select({ email: users.email, verifiedAt: users.emailVerifiedAt })
    .from(users)
    .where(eq(users.id, existing.id));
  if (current?.email !== email) throw AccountErrors.InvalidCredentials();
  if (!current.verifiedAt) await setEmail(tenant, existing.id, email);
}

async function requireInvitation(ctx: Context & { tenantId: Id<'org'> }, id: Id<'inv'>) {
  const [invitation] = await ctx.database.read({ tenantId: ctx.tenantId }, (tx) =>
    tx
      .select()
      .from(invitations)
      .where(matches(invitations, { tenantId: ctx.tenantId, id }))
      .execute(),
  );
  if (!invitation || invitation.expiresAt < new Date()) throw InvitationErrors.Invalid();
  if (invitation.acceptedAt) throw InvitationErrors.Used();
  return invitation;
}
