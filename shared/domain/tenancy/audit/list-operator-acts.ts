import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, desc, eq } from 'drizzle-orm';
import { operatorActed } from './events.ts';
import { SYSTEM_TENANT_ID } from './system-tenant-id.ts';
import { auditEntries } from './tables.ts';

const LIMIT = 100;

/** The newest acts in the log of the operators' organization, or of the system; newest first. */
export async function listOperatorActs(
  { database }: Pick<Context, 'database'>,
  tenantId: Id<'org'> = SYSTEM_TENANT_ID,
) {
  const rows = await database.read({ tenantId }, (tx) =>
    tx
      .select()
      .from(auditEntries)
      .where(and(eq(auditEntries.tenantId, tenantId), eq(auditEntries.action, operatorActed.name)))
      .orderBy(desc(auditEntries.at), desc(auditEntries.sequence))
      .limit(LIMIT)
      .execute(),
  );
  return rows.map(({ at, actor, details }) => ({
    at: at.toISOString(),
    who: actor.kind === 'user' ? actor.userId : String(details.by ?? 'unknown'),
    act: String(details.act),
    target: details.target === null ? undefined : String(details.target),
  }));
}
