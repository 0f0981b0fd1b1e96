import { type Context, systemContext, withTenant } from '@insightdesk/shared/context';
import { and, eq, lte, ne } from 'drizzle-orm';
import type { z } from 'zod';
import { members } from '../tables.ts';
import type { olderSessions } from './older-sessions.ts';
import { revokeSessions } from './revoke-sessions.ts';
import { sessions } from './tables.ts';

/** Revokes a user's older sessions in all organizations. */
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
  const isOlder = and(
    lte(sessions.createdAt, new Date(before)),
    exceptSessionId && ne(sessions.id, exceptSessionId),
  );
  for (const { tenantId } of memberships) {
    const system = systemContext(ctx, 'accounts', { tenantId, requestId: ctx.requestId });
    await withTenant(system, (tenant) => revokeSessions(tenant, { userId, where: isOlder }));
  }
}
