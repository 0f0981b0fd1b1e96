import { type Context, systemContext, withTenant } from '@insightdesk/shared/context';
import { and, eq, lte, ne } from 'drizzle-orm';
import type { z } from 'zod';
import { endSessions } from './revoke-sessions.ts';
import type { endedSessions } from './older-sessions.ts';
import { members, sessions } from '../tables.ts';

/** Ends a person's sessions in all organisations that began before a moment; one may be kept. */
export async function endOlderSessions(
  ctx: Context,
  { userId, before, keep }: z.output<typeof endedSessions>,
): Promise<void> {
  const memberships = await ctx.database.read({ userId }, (tx) =>
    tx
      .select({ tenantId: members.tenantId })
      .from(members)
      .where(eq(members.userId, userId))
      .execute(),
  );
  const older = and(lte(sessions.createdAt, new Date(before)), keep && ne(sessions.id, keep));
  for (const { tenantId } of memberships) {
    const there = systemContext(ctx, 'accounts', { tenantId, requestId: ctx.requestId });
    await withTenant(there, (tenant) => endSessions(tenant, { userId, meant: older }));
  }
}
