import type { Context } from '@insightdesk/shared/context';
import { type Id, staffRoles } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { and, eq, inArray, isNull } from 'drizzle-orm';
import { STAFF_TAG } from './events.ts';
import { members } from './tables.ts';

const STAFF_TTL_SECONDS = 60;

/** The active staff among the organisation's members; asked at every message, so from the cache. */
export function listStaffIds({ database, cache }: Context, tenantId: Id<'org'>) {
  const staff = cache.forTenant(tenantId).namespace('members');
  const load = () => database.read({ tenantId }, (tx) => selectStaffIds(tx, tenantId));
  return staff.memoize(() => 'staff', load, {
    ttlSeconds: STAFF_TTL_SECONDS,
    tags: [STAFF_TAG],
  })();
}

async function selectStaffIds(tx: Tx, tenantId: Id<'org'>) {
  const rows = await tx
    .select({ id: members.userId })
    .from(members)
    .where(
      and(
        eq(members.tenantId, tenantId),
        isNull(members.removedAt),
        inArray(members.role, [...staffRoles]),
      ),
    )
    .execute();
  return rows.map(({ id }) => id);
}
