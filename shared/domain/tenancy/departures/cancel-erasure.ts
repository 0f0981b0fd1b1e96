import { defineAction } from '@insightdesk/shared/context';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { and, eq, isNotNull, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { DepartureErrors } from './errors.ts';
import { erasureCancelled } from './events.ts';

/** Takes back that the organisation is to be erased; once it has begun there is no way back. */
export const cancelErasure = defineAction({
  summary: 'Take back that the organisation is to be erased',
  input: z.strictObject({}),
  output: z.void(),
  allow: 'organization:erase',
  transaction: 'write',
  async run(ctx) {
    const [kept] = await ctx.tx
      .update(organizations)
      .set({ eraseAt: null, eraseRequestedBy: null })
      .where(
        and(
          eq(organizations.id, ctx.tenantId),
          isNotNull(organizations.eraseAt),
          isNull(organizations.disabledAt),
        ),
      )
      .returning({ id: organizations.id });
    if (!kept) throw DepartureErrors.NotLeaving();
    await record(ctx, erasureCancelled, {});
  },
});
