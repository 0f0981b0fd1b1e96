import { defineAction, requireLiveSession, withTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { TenantErrors } from '@insightdesk/shared/domain/tenancy/tenants';
import { eq, gte } from 'drizzle-orm';
import { z } from 'zod';
import { AccountErrors } from '../accounts/errors.ts';
import { requireUnchangedPassword } from '../accounts/require-unchanged-password.ts';
import { listMemberships } from '../members/list-memberships.ts';
import { SessionErrors } from '../sessions/errors.ts';
import { revokeSessions } from '../sessions/revoke-sessions.ts';
import { sessions } from '../sessions/tables.ts';
import { users } from '../tables.ts';
import { signedInView, signIn } from './sign-in.ts';
import { inheritAmr } from './verify-second-factor.ts';

/** Creates a session in the other organization and revokes the current one. */
export const switchOrganization = defineAction({
  summary: 'Switch to another organization of the caller',
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
    const authentication = await inheritAmr(ctx);
    // Revoking the old session proves that it was live. A session that is older than the current
    // password is about to be revoked and must not create a new one.
    const user = await withTenant(ctx, async (tenant) => {
      const [self] = await tenant.tx.select().from(users).where(eq(users.id, userId)).for('share');
      if (!self) throw AccountErrors.NotFound();
      const { passwordChangedAt: since } = self;
      const isCurrent = since ? gte(sessions.createdAt, since) : undefined;
      const revoked = await revokeSessions(tenant, { userId, sessionId, where: isCurrent });
      if (revoked === 0) throw SessionErrors.NotFound();
      return self;
    });
    const anonymous = { ...ctx, actor: { kind: 'anonymous' }, tenantId } as const;
    return withTenant(anonymous, async (tenant) => {
      await requireUnchangedPassword(tenant, user);
      return signIn(tenant, { user, organization: target, role: target.role, ...authentication });
    });
  },
});
