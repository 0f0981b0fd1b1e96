import {
  defineAction,
  displayName,
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
import { forEachOtherOrganization } from './for-each-other-organization.ts';
import { listMemberships } from './list-memberships.ts';

/** Renames the caller, and notifies the staff of all its organizations. */
export const updateMe = defineAction({
  summary: 'Update the authenticated user',
  input: z.strictObject({ name: displayName(200) }),
  output: z.object({ user: ownUserView }).meta({ id: 'UpdatedUser' }),
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
    await forEachOtherOrganization(ctx, await listMemberships(ctx, userId), recordRename);
    return { user: toOwnUser(user) };
  },
});
