import {
  defineAction,
  displayName,
  systemContext,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { AccountErrors } from '../accounts/errors.ts';
import { ownUserView, toOwnUser } from '../accounts/view.ts';
import { users } from '../tables.ts';
import { memberRenamed } from './events.ts';
import { listMemberships } from './list-memberships.ts';

/** Renames the caller, and notifies the staff of all its organizations. */
export const updateMe = defineAction({
  summary: 'Update the authenticated user',
  input: z.strictObject({ name: displayName(200) }),
  output: z.object({ user: ownUserView }),
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, { name }) {
    const { userId } = ctx.actor;
    const recordRename = (tenant: TenantContext) => record(tenant, memberRenamed, { userId, name });
    const user = await withTenant(ctx, async (tenant) => {
      await tenant.tx.execute(sql`select app.rename_user(${name})`);
      await recordRename(tenant);
      const [self] = await tenant.tx.select().from(users).where(eq(users.id, userId));
      if (!self) throw AccountErrors.NotFound();
      return self;
    });
    for (const { id: tenantId } of await listMemberships(ctx, userId)) {
      if (tenantId === ctx.tenantId) continue;
      const { requestId } = ctx;
      await withTenant(systemContext(ctx, 'accounts', { tenantId, requestId }), recordRename);
    }
    return { user: toOwnUser(user) };
  },
});
