import { defineAction, withTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { TenantErrors, toOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { eq, gte } from 'drizzle-orm';
import { z } from 'zod';
import { requireUnchangedPassword } from '../accounts/find-by-credentials.ts';
import { revokeSessions } from '../sessions/revoke-sessions.ts';
import { UserErrors } from '../errors.ts';
import { listMemberships } from '../members/list-memberships.ts';
import { requireLiveSession } from '../sessions/require-live-session.ts';
import { createSession } from '../sessions/create-session.ts';
import { inheritAmr } from './verify-second-factor.ts';
import { sessions, users } from '../tables.ts';
import { signedInView, toUser } from '../view.ts';

/** Moves the caller's session to another of its organisations: a new one begins, this one ends. */
export const switchOrganization = defineAction({
  summary: 'Switch to another organisation',
  input: z.strictObject({ organizationId: idSchema('org') }),
  output: signedInView,
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, { organizationId: tenantId }) {
    const { userId, sessionId } = ctx.actor;
    await requireLiveSession(ctx);
    const memberships = await listMemberships(ctx, userId);
    const target = memberships.find(({ id }) => id === tenantId);
    if (!target) throw TenantErrors.NotFound();
    if (target.disabledAt) throw TenantErrors.Disabled();
    const proof = await inheritAmr(ctx);
    // The end of the old one shows that it was live, and nothing begins when it was not, nor when it
    // is about to be ended because the password was replaced.
    const user = await withTenant(ctx, async (tenant) => {
      const [self] = await tenant.tx.select().from(users).where(eq(users.id, userId)).for('share');
      if (!self) throw UserErrors.NotFound();
      const { passwordChangedAt: since } = self;
      const meant = since ? gte(sessions.createdAt, since) : undefined;
      const ended = await revokeSessions(tenant, { userId, sessionId, meant });
      if (ended === 0) throw UserErrors.SessionNotFound();
      return self;
    });
    const there = { ...ctx, actor: { kind: 'anonymous' }, tenantId } as const;
    const pair = await withTenant(there, async (tenant) => {
      await requireUnchangedPassword(tenant, user);
      return createSession(tenant, { tenantId, userId, role: target.role, ...proof });
    });
    return { user: toUser(user), organization: toOrganization(target), ...pair };
  },
});
