import type { Context } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';

/**
 * How often members of each organization have lost access; organizations without such a change are
 * missing. A live session stays live while this number is the same, until it expires.
 */
export async function listAccessGenerations(
  { database }: Pick<Context, 'database'>,
  tenantIds: readonly Id<'org'>[],
): Promise<Map<Id<'org'>, string>> {
  const rows = await database.read({}, (tx) =>
    tx
      .execute<{ tenant: string; generation: string }>(
        sql`select tenant_id as tenant, generation::text from app.access_generations
          where tenant_id = any(${sql.param(tenantIds.map(toUuid))}::uuid[])`,
      )
      .execute(),
  );
  return new Map(rows.map(({ tenant, generation }) => [fromUuid('org', tenant), generation]));
}
