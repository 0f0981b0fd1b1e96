import { defineAction, line } from '@insightdesk/shared/context';
import { decodeCursor, page, pageInput, pageOf } from '@insightdesk/shared/database';
import { and, desc, eq, gte, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { auditEntries } from './tables.ts';
import { auditEntryView, toAuditEntry } from './view.ts';

const place = z.tuple([z.iso.datetime(), z.int().min(1)]);

/** What was done in the organisation, newest first. */
export const listAuditEntries = defineAction({
  summary: 'List what was done in the organisation, by whom and from where',
  input: z.strictObject({
    ...pageInput,
    action: line(100).optional(),
    actorId: line(100).optional().describe('A member, or a part of the system'),
    since: z.iso.datetime().optional(),
    until: z.iso.datetime().optional().describe('Not included'),
  }),
  output: pageOf(auditEntryView),
  allow: 'audit:read',
  transaction: 'read',
  async run({ tx, tenantId }, { limit, cursor, action, actorId, since, until }) {
    const before = decodeCursor(cursor, place);
    const { at, sequence } = auditEntries;
    const rows = await tx
      .select()
      .from(auditEntries)
      .where(
        and(
          eq(auditEntries.tenantId, tenantId),
          action ? eq(auditEntries.action, action) : undefined,
          actorId ? eq(auditEntries.actorId, actorId) : undefined,
          since ? gte(at, new Date(since)) : undefined,
          until ? lt(at, new Date(until)) : undefined,
          before && sql`(${at}, ${sequence}) < (${before[0]}::timestamptz, ${before[1]}::int8)`,
        ),
      )
      .orderBy(desc(at), desc(sequence))
      .limit(limit + 1)
      .execute();
    return page(rows, limit, (row) => [row.at.toISOString(), row.sequence], toAuditEntry);
  },
});
