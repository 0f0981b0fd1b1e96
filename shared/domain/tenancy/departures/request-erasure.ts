import { defineAction, withTenant } from '@insightdesk/shared/context';
import { confirmPassword } from '@insightdesk/shared/domain/identity/users';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { DepartureErrors } from './errors.ts';
import { erasureRequested } from './events.ts';

/** Has all that the organisation has erased, once the time to take it back is up. */
export const requestErasure = defineAction({
  summary: 'Erase the organisation and all that it has, after a time to take it back',
  input: z.strictObject({
    name: z.string().max(500).describe('Of the organisation, exactly'),
    password: z.string().max(200).describe("The caller's"),
  }),
  output: z.object({ eraseAt: z.iso.datetime() }),
  allow: 'organization:erase',
  transaction: 'own',
  async run(ctx, { name, password }) {
    await confirmPassword(ctx, password);
    return withTenant(ctx, async (tenant) => {
      const self = eq(organizations.id, tenant.tenantId);
      const [row] = await tenant.tx.select().from(organizations).where(self).for('update');
      if (row?.name !== name) throw DepartureErrors.WrongName();
      if (row.eraseAt) return { eraseAt: row.eraseAt.toISOString() };
      const eraseAt = new Date(Date.now() + ctx.settings.erasureGraceSeconds * 1_000);
      const wanted = { eraseAt, eraseRequestedBy: ctx.actor.userId };
      await tenant.tx.update(organizations).set(wanted).where(self);
      await record(tenant, erasureRequested, { eraseAt: eraseAt.toISOString() });
      return { eraseAt: eraseAt.toISOString() };
    });
  },
});
