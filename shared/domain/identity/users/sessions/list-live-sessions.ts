import { type Context, readTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';

/**
 * Those of a tenant's sessions and secrets of API keys that are live, each with the standing that
 * its member has by now, as `app.authorize` compares it: `none` while the organisation is disabled,
 * `setup` for those without the second factor that it requires.
 */
export async function listLiveSessions(
  ctx: Context,
  tenantId: Id<'org'>,
  sessionIds: readonly Id<'ses'>[],
): Promise<Map<Id<'ses'>, string>> {
  const actor = { kind: 'system', name: 'live-sessions' } as const;
  const asked = sql`(${toUuid(tenantId)}::uuid, ${sql.param(sessionIds.map(toUuid))}::uuid[])`;
  const rows = await readTenant({ ...ctx, actor, tenantId }, ({ tx }) =>
    tx.execute<{ id: string; standing: string }>(
      sql`select id, case when standing <> 'none' and app.lacks_second_factor(${toUuid(tenantId)}::uuid, id)
        then 'setup' else standing end as standing from app.live_sessions${asked}`,
    ),
  );
  return new Map(rows.map(({ id, standing }) => [fromUuid('ses', id), standing]));
}
