import { defineAction, singleLine } from '@insightdesk/shared/context';
import { decodeCursor, pageInput, pageSchema, toPage } from '@insightdesk/shared/database';
import { and, desc, eq, gte, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { auditEntries } from './tables.ts';
import { auditEntryView, toAuditEntry } from './view.ts';

const position = z.tuple([z.iso.datetime(), z.int().min(1)]);

export const listAuditEntries = defineAction({
  summary: 'List audit log entries',
  input: z.strictObject({
    ...pageInput,
    action: singleLine(100).optional().describe('Only this action, such as `member.removed`'),
    actorId: singleLine(100).optional().describe('Id of a member, or name of a system component'),
    since: z.iso.datetime().optional().describe('Only entries from this time on'),
    until: z.iso.datetime().optional().describe('Exclusive'),
  }),
  output: pageSchema(auditEntryView),
  allow: 'audit:read',
  transaction: 'read',
  async run({ tx, tenantId }, { limit, cursor, action, actorId, since, until }) {
    const before = decodeCursor(cursor, position);
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
    return toPage(rows, limit, (row) => [row.at.toISOString(), row.sequence], toAuditEntry);
  },
});
