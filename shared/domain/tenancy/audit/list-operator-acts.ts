import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, desc, eq } from 'drizzle-orm';
import { operatorActed } from './events.ts';
import { NOWHERE } from './nowhere.ts';
import { auditEntries } from './tables.ts';

const MOST = 100;

/** The newest acts in the log of the operators' organisation, or of nobody; the newest first. */
export async function listOperatorActs(
  { database }: Pick<Context, 'database'>,
  tenantId: Id<'org'> = NOWHERE,
) {
  const rows = await database.read({ tenantId }, (tx) =>
    tx
      .select()
      .from(auditEntries)
      .where(and(eq(auditEntries.tenantId, tenantId), eq(auditEntries.action, operatorActed.name)))
      .orderBy(desc(auditEntries.at), desc(auditEntries.sequence))
      .limit(MOST)
      .execute(),
  );
  return rows.map(({ at, actor, details }) => ({
    at: at.toISOString(),
    who: actor.kind === 'user' ? actor.userId : String(details.by ?? 'unknown'),
    act: String(details.act),
    target: details.target === null ? undefined : String(details.target),
  }));
}
