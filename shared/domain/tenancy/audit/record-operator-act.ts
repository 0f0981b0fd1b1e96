import { type Context, withTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { desc } from 'drizzle-orm';
import { operatorActed } from './events.ts';
import { auditEntries } from './tables.ts';

/** The tenant id of events outside all organizations; no organization has it. */
export const SYSTEM_TENANT_ID = fromUuid('org', '00000000-0000-0000-0000-000000000000');

const MAX_LENGTH = 300;

/**
 * Records what an operator is about to do: a command such as `queues pause`, its target and the
 * operating system user who runs it, in the audit log of the context's organization, or of the
 * system. Call it first, so that nothing happens without an entry.
 */
export async function recordOperatorAct(
  ctx: Context,
  { act, target, by }: { act: string; target?: string | undefined; by?: string | undefined },
): Promise<void> {
  const payload = {
    act: act.slice(0, MAX_LENGTH),
    target: target?.slice(0, MAX_LENGTH) ?? null,
    by: by?.slice(0, MAX_LENGTH) ?? null,
  };
  const tenantId = ctx.tenantId ?? SYSTEM_TENANT_ID;
  await withTenant({ ...ctx, tenantId }, (tenant) => record(tenant, operatorActed, payload));
}

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
      .where(matches(auditEntries, { tenantId, action: operatorActed.name }))
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
