import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import type { auditEntries } from './tables.ts';

export const auditEntryView = z
  .object({
    id: idSchema('evt'),
    sequence: z.int().describe('From 1, without gaps'),
    action: z.string().describe('The event, such as member.removed'),
    actor: z
      .looseObject({ kind: z.string(), userId: idSchema('usr').optional() })
      .describe('Who did it; `operator` impersonated this user'),
    details: z.record(z.string(), z.unknown()),
    ip: z.string().nullable(),
    userAgent: z.string().nullable(),
    requestId: z.string(),
    at: z.iso.datetime(),
    previousHash: z.string(),
    hash: z.string().describe('SHA-256 over the previous hash and this entry'),
  })
  .meta({ id: 'AuditEntry' });

export const toAuditEntry = (row: AuditRow) => ({
  id: row.eventId,
  sequence: row.sequence,
  action: row.action,
  actor: { ...row.actor },
  details: row.details,
  ip: row.ip,
  userAgent: row.userAgent,
  requestId: row.requestId,
  at: row.at.toISOString(),
  previousHash: row.previousHash,
  hash: row.hash,
});

type AuditRow = typeof auditEntries.$inferSelect;
