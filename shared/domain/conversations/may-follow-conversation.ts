import { type MemberContext, readTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { and, eq } from 'drizzle-orm';
import { conversations } from './tables.ts';

const customerOf = statement(
  { tenantId: conversations.tenantId, id: conversations.id },
  ({ tenantId, id }, q) =>
    q
      .select({ customerId: conversations.customerId })
      .from(conversations)
      .where(and(eq(conversations.tenantId, tenantId), eq(conversations.id, id))),
);

/** Whether it is the caller's own conversation, or the caller is staff and it exists. */
export async function mayFollowConversation(ctx: MemberContext, id: Id<'cnv'>): Promise<boolean> {
  const { actor, tenantId } = ctx;
  const [row] = await readTenant(ctx, ({ tx }) => customerOf(tx, { tenantId, id }));
  return row !== undefined && (actor.role !== 'customer' || row.customerId === actor.userId);
}
