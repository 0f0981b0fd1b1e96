import { type Context, defineAction, email, line, withTenant } from '@insightdesk/shared/context';
import { type Id, idSchema, isId, roles, staffRoles } from '@insightdesk/shared/contract';
import { organizations, TenantErrors, toOrganization } from '@insightdesk/shared/domain/tenants';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { record } from '@insightdesk/shared/events';
import { addDays, newId } from '@insightdesk/shared/utils';
import { and, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { UserErrors } from './errors.ts';
import { invitationCreated, memberJoined } from './events.ts';
import { requireCredentials } from './login.ts';
import { password } from './register.ts';
import { openSession } from './session-tokens.ts';
import { invitations, members, users } from './tables.ts';
import { signedInView, toUser } from './view.ts';

const VALID_DAYS = 7;

/** Invites a person by e-mail; a second invitation to the same address replaces the first. */
export const invite = defineAction({
  summary: 'Invite somebody by e-mail',
  input: z.strictObject({ email: email(), role: z.enum(roles) }),
  output: z.object({ id: idSchema('inv'), expiresAt: z.iso.datetime() }),
  allow: staffRoles,
  transaction: 'write',
  async run(ctx, input) {
    const { tx, tenantId, actor } = ctx;
    if (input.role === 'owner' && actor.role !== 'owner') throw UserErrors.OwnersOnly();
    if (input.role !== 'customer' && actor.role === 'agent') {
      throw new ForbiddenError('Agents may invite customers only');
    }
    const [member] = await tx
      .select({ id: users.id })
      .from(users)
      .innerJoin(members, and(eq(members.userId, users.id), eq(members.tenantId, tenantId)))
      .where(and(eq(users.email, input.email), isNull(members.removedAt)));
    if (member) throw UserErrors.AlreadyMember();
    const fresh = {
      id: newId('inv'),
      role: input.role,
      invitedBy: actor.userId,
      expiresAt: addDays(new Date(), VALID_DAYS),
      acceptedAt: null,
    };
    await tx
      .insert(invitations)
      .values({ tenantId, email: input.email, ...fresh })
      .onConflictDoUpdate({ target: [invitations.tenantId, invitations.email], set: fresh });
    const [names] = await tx
      .select({ organizationName: organizations.name, inviterName: users.name })
      .from(organizations)
      .innerJoin(users, eq(users.id, actor.userId))
      .where(eq(organizations.id, tenantId));
    if (!names) throw UserErrors.NotFound();
    await record(ctx, invitationCreated, { invitationId: fresh.id, ...input, ...names });
    return { id: fresh.id, expiresAt: fresh.expiresAt.toISOString() };
  },
});

/** The token in an invitation's link. */
export const invitationToken = (ctx: Context, tenantId: Id<'org'>, id: Id<'inv'>) =>
  ctx.sealer.seal('invitation', [tenantId, id]);

/** Joins the organisation; an existing account proves itself by its own password. */
export const acceptInvitation = defineAction({
  summary: 'Accept an invitation',
  input: z.strictObject({ token: z.string().max(1000), name: line(200), password }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, input) {
    const [tenantId, id] = ctx.sealer.open('invitation', input.token) ?? [];
    if (!isId('org', tenantId) || !isId('inv', id)) throw UserErrors.InvitationInvalid();
    const invitation = await requireInvitation({ ...ctx, tenantId }, id);
    const known = await findAccount(ctx, invitation.email);
    const user = known
      ? await requireCredentials(ctx, { email: invitation.email, password: input.password })
      : { id: newId('usr'), email: invitation.email, name: input.name };
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
      const pair = await openSession(tenant, { tenantId, userId: user.id, role });
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
