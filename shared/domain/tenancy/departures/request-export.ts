import { defineAction } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { addDays, newId } from '@insightdesk/shared/utils';
import { and, eq, gt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { DepartureErrors } from './errors.ts';
import { exportRequested } from './events.ts';
import { exportsOfAll } from './tables.ts';
import { exportView, toExport } from './view.ts';

const MOST = 3;
/** For how long an archive can be fetched. */
const VALID_DAYS = 7;

/** Has an archive written of all that the organisation has. */
export const requestExport = defineAction({
  summary: 'Export all that the organisation has',
  input: z.strictObject({}),
  output: exportView,
  allow: 'organization:export',
  transaction: 'write',
  async run(ctx) {
    const { tx, tenantId, actor } = ctx;
    // Two that are asked for at once wait for each other.
    await tx.execute(
      sql`select pg_advisory_xact_lock(hashtextextended(${`exports ${tenantId}`}, 0))`,
    );
    const kept = await tx
      .select({ readyAt: exportsOfAll.readyAt })
      .from(exportsOfAll)
      .where(and(eq(exportsOfAll.tenantId, tenantId), gt(exportsOfAll.expiresAt, sql`now()`)));
    if (kept.length >= MOST || kept.some(({ readyAt }) => !readyAt))
      throw DepartureErrors.TooMany();
    const [row] = await tx
      .insert(exportsOfAll)
      .values({
        tenantId,
        id: newId('exp'),
        requestedBy: actor.userId,
        expiresAt: addDays(new Date(), VALID_DAYS),
      })
      .returning();
    if (!row) throw DepartureErrors.NotFound();
    await record(ctx, exportRequested, { exportId: row.id });
    return toExport(row);
  },
});
