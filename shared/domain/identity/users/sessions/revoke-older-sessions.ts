import { type Context, systemContext, withTenant } from '@insightdesk/shared/context';
import { and, eq, lte, ne } from 'drizzle-orm';
import type { z } from 'zod';
import { revokeSessions } from './revoke-sessions.ts';
import type { olderSessions } from './older-sessions.ts';
import { members, sessions } from '../tables.ts';

/** Ends a person's sessions in all organisations that began before a moment; one may be kept. */
export async function revokeOlderSessions(
  ctx: Context,
  { userId, before, exceptSessionId }: z.output<typeof olderSessions>,
): Promise<void> {
  const memberships = await ctx.database.read({ userId }, (tx) =>
    tx
      .select({ tenantId: members.tenantId })
      .from(members)
      .where(eq(members.userId, userId))
      .execute(),
  );
  const older = and(lte(sessions.createdAt, new Date(before)), exceptSessionId && ne(sessions.id, exceptSessionId));
  for (const { tenantId } of memberships) {
    const there = systemContext(ctx, 'accounts', { tenantId, requestId: ctx.requestId });
    await withTenant(there, (tenant) => revokeSessions(tenant, { userId, meant: older }));
  }
}
