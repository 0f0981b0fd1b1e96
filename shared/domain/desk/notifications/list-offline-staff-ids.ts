import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { listStaffIds } from '@insightdesk/shared/domain/identity/users';

/** The assignee, or else all staff, without the author and users that are connected. */
export async function listOfflineStaffIds(
  ctx: Context,
  tenantId: Id<'org'>,
  authorId: Id<'usr'>,
  assigneeId: Id<'usr'> | null,
): Promise<Id<'usr'>[]> {
  const staff = assigneeId ? [assigneeId] : await listStaffIds(ctx, tenantId);
  const connected = await ctx.realtime.presence.connectedUsers(tenantId);
  return staff.filter((id) => id !== authorId && !connected.has(id));
}
