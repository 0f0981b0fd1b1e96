import { type Context, requireSystem } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { contains } from '@insightdesk/shared/database';
import { and, asc, gt } from 'drizzle-orm';
import { organizations } from './tables.ts';

const columns = {
  id: organizations.id,
  name: organizations.name,
  disabledAt: organizations.disabledAt,
  deleteAt: organizations.deleteAt,
  createdAt: organizations.createdAt,
};

/**
 * Organizations whose name contains `text`, all without one, oldest first, after the id `after`.
 * For the system only.
 */
export function searchOrganizations(
  ctx: Context,
  { text, after, limit }: { text?: string; after?: Id<'org'> | undefined; limit: number },
) {
  requireSystem(ctx);
  const name = text ? contains(organizations.name, text) : undefined;
  return ctx.database.write('system', (tx) =>
    tx
      .select(columns)
      .from(organizations)
      .where(and(name, after && gt(organizations.id, after)))
      .orderBy(asc(organizations.id))
      .limit(limit),
  );
}
