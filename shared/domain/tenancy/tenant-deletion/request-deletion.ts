import { defineAction, withTenant } from '@insightdesk/shared/context';
import { confirmPassword } from '@insightdesk/shared/domain/identity/users';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { and, eq, isNotNull, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { DeletionErrors } from './errors.ts';
import { erasureCancelled, erasureRequested } from './events.ts';

/** Schedules the deletion of the organization after the grace period. */
export const requestDeletion = defineAction({
  summary: 'Delete the organization after a grace period',
  input: z.strictObject({
    name: z.string().max(500).describe('Exact name of the organization'),
    password: z.string().max(200).describe('Password of the caller'),
  }),
  output: z.object({ eraseAt: z.iso.datetime() }).meta({ id: 'ScheduledErasure' }),
  allow: 'organization:erase',
  transaction: 'own',
  async run(ctx, { name, password }) {
    await confirmPassword(ctx, password);
    return withTenant(ctx, async (tenant) => {
      const self = eq(organizations.id, tenant.tenantId);
      const [row] = await tenant.tx.select().from(organizations).where(self).for('update');
      if (row?.name !== name) throw DeletionErrors.WrongName();
      if (row.deleteAt) return { eraseAt: row.deleteAt.toISOString() };
      const eraseAt = new Date(Date.now() + ctx.settings.erasureGraceSeconds * 1_000);
      const changes = { deleteAt: eraseAt, deletionRequestedBy: ctx.actor.userId };
      await tenant.tx.update(organizations).set(changes).where(self);
      await record(tenant, erasureRequested, { eraseAt: eraseAt.toISOString() });
      return { eraseAt: eraseAt.toISOString() };
    });
  },
});

/** Cancels a pending deletion; one that has started cannot be cancelled. */
export const cancelDeletion = defineAction({
  summary: 'Cancel the deletion of the organization',
  input: z.strictObject({}),
  output: z.void(),
  allow: 'organization:erase',
  transaction: 'write',
  async run(ctx) {
    const [cancelled] = await ctx.tx
      .update(organizations)
      .set({ deleteAt: null, deletionRequestedBy: null })
      .where(
        and(
          eq(organizations.id, ctx.tenantId),
          isNotNull(organizations.deleteAt),
          isNull(organizations.disabledAt),
        ),
      )
      .returning({ id: organizations.id });
    if (!cancelled) throw DeletionErrors.NotRequested();
    await record(ctx, erasureCancelled, {});
  },
});
