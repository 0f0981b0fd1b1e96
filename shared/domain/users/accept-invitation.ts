import { type Context, defineAction, line, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { organizations, TenantErrors, toOrganization } from '@insightdesk/shared/domain/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { and, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { password, requireCredentials } from './credentials.ts';
import { UserErrors } from './errors.ts';
import { memberJoined } from './events.ts';
import { factorCode } from './factor-fields.ts';
import { readInvitationToken } from './invitation-token.ts';
import { openSession } from './session-tokens.ts';
import { prove } from './sign-in.ts';
import { invitations, members, users } from './tables.ts';
import { signedInView, toUser } from './view.ts';

/** Joins the organisation; an existing account proves itself by its own password. */
export const acceptInvitation = defineAction({
  summary: 'Accept an invitation',
  input: z.strictObject({
    token: z.string().max(1000),
    name: line(200),
    password,
    code: factorCode.optional(),
  }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, input) {
    const { tenantId, id } = readInvitationToken(ctx, input.token);
    const invitation = await requireInvitation({ ...ctx, tenantId }, id);
    const known = await findAccount(ctx, invitation.email);
    const user = known
      ? await requireCredentials(ctx, { email: invitation.email, password: input.password })
      : { id: newId('usr'), email: invitation.email, name: input.name };
    const door = { by: 'password', code: input.code } as const;
    const proof = await prove(ctx, user.id, door);
    const passwordHash = known ? undefined : await ctx.passwords.hash(input.password);
    return withTenant({ ...ctx, tenantId }, async (tenant) => {
      const { tx } = tenant;
      const [taken] = await tx
        .update(invitations)
        .set({ acceptedAt: new Date() })
        .where(
          and(
            eq(invitations.tenantId, tenantId),
            eq(invitations.id, id),
            isNull(invitations.acceptedAt),
          ),
        )
        .returning({ role: invitations.role });
      if (!taken) throw UserErrors.InvitationUsed();
      if (passwordHash) await tx.insert(users).values({ ...user, passwordHash });
      const { role } = taken;
      await tx
        .insert(members)
        .values({ tenantId, userId: user.id, role })
        .onConflictDoUpdate({
          target: [members.tenantId, members.userId],
          set: { role, removedAt: null },
        });
      await record(tenant, memberJoined, { userId: user.id, name: user.name, role });
      const [organization] = await tx
        .select()
        .from(organizations)
        .where(eq(organizations.id, tenantId));
      if (!organization) throw UserErrors.InvitationInvalid();
      if (organization.disabledAt) throw TenantErrors.Disabled();
      const pair = await openSession(tenant, { tenantId, userId: user.id, role, ...proof });
      return { user: toUser(user), organization: toOrganization(organization), ...pair };
    });
  },
});

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

async function findAccount(ctx: Context, address: string) {
  const [account] = await ctx.database.read({}, (tx) =>
    tx.select({ id: users.id }).from(users).where(eq(users.email, address)).execute(),
  );
  return account;
}
