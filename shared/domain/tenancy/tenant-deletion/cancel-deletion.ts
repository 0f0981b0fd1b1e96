import { defineAction } from '@insightdesk/shared/context';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { and, eq, isNotNull, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { DeletionErrors } from './errors.ts';
import { erasureCancelled } from './events.ts';

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
