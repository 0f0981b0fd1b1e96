import type { Context } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';

/**
 * How often somebody of each organisation came to be able to do less; those of which nobody ever did
 * are not there. Whose session was live is live as long as this is the same, but for its end in time.
 */
export async function listAccessGenerations(
  { database }: Pick<Context, 'database'>,
  tenantIds: readonly Id<'org'>[],
): Promise<Map<Id<'org'>, string>> {
  const rows = await database.read({}, (tx) =>
    tx
      .execute<{ tenant: string; epoch: string }>(
        sql`select tenant_id as tenant, epoch::text from app.access_epochs
          where tenant_id = any(${sql.param(tenantIds.map(toUuid))}::uuid[])`,
      )
      .execute(),
  );
  return new Map(rows.map(({ tenant, epoch }) => [fromUuid('org', tenant), epoch]));
}
