import { defineAction } from '@insightdesk/shared/context';
import { lockUntilCommit } from '@insightdesk/shared/database';
import { readBytesLeft } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { addDays, newId } from '@insightdesk/shared/utils';
import { and, eq, gt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { ExportErrors } from './errors.ts';
import { exportRequested } from './events.ts';
import { tenantExports } from './tables.ts';
import { exportView, toExport } from './view.ts';

const MAX_EXPORTS = 3;
const VALID_DAYS = 7;

/** Starts an export of all data of the organization. */
export const createExport = defineAction({
  summary: 'Create an export of the organization',
  input: z.strictObject({}),
  output: exportView,
  allow: 'organization:export',
  transaction: 'write',
  async run(ctx) {
    const { tx, tenantId, actor } = ctx;
    // Concurrent calls wait for each other.
    await lockUntilCommit(tx, `exports ${tenantId}`);
    const current = await tx
      .select({ readyAt: tenantExports.readyAt })
      .from(tenantExports)
      .where(and(eq(tenantExports.tenantId, tenantId), gt(tenantExports.expiresAt, sql`now()`)));
    if (current.length >= MAX_EXPORTS || current.some(({ readyAt }) => !readyAt))
      throw ExportErrors.TooMany(MAX_EXPORTS);
    await readBytesLeft(ctx);
    const [row] = await tx
      .insert(tenantExports)
      .values({
        tenantId,
        id: newId('exp'),
        requestedBy: actor.userId,
        expiresAt: addDays(new Date(), VALID_DAYS),
      })
      .returning();
    if (!row) throw ExportErrors.NotFound();
    await record(ctx, exportRequested, { exportId: row.id });
    return toExport(row);
  },
});
