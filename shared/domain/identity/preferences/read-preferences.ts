import type { TenantContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { matches, statement } from '@insightdesk/shared/database';
import { and, eq, sql } from 'drizzle-orm';
import { preferences } from './tables.ts';
import { type Preferences, toPreferences } from './view.ts';

const byUser = statement(
  { tenantId: preferences.tenantId, userId: preferences.userId },
  ({ tenantId, userId }, q) =>
    q.select().from(preferences).where(matches(preferences, { tenantId, userId })),
);

/** The preferences of a member; one statement, so that a read stays one round trip. */
export async function readPreferences(
  { tx, tenantId }: Pick<TenantContext, 'tx' | 'tenantId'>,
  userId: Id<'usr'>,
): Promise<Preferences> {
  const [row] = await byUser(tx, { tenantId, userId });
  return toPreferences(row);
}

/** The preferences of several members, by user id; those without any have the defaults. */
export async function listPreferences(
  { tx, tenantId }: Pick<TenantContext, 'tx' | 'tenantId'>,
  userIds: readonly Id<'usr'>[],
): Promise<(userId: Id<'usr'>) => Preferences> {
  const uuids = userIds.map(toUuid);
  const rows = await tx
    .select()
    .from(preferences)
    .where(
      and(
        eq(preferences.tenantId, tenantId),
        sql`${preferences.userId} = any(${sql.param(uuids)}::uuid[])`,
      ),
    )
    .execute();
  const byId = new Map(rows.map((row) => [row.userId, toPreferences(row)]));
  return (userId) => byId.get(userId) ?? toPreferences();
}
