import { type MemberContext, readTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { argument, prepared } from '@insightdesk/shared/database';
import { and, eq } from 'drizzle-orm';
import { conversations } from './tables.ts';

const customerOf = prepared((tx) =>
  tx
    .select({ customerId: conversations.customerId })
    .from(conversations)
    .where(
      and(
        eq(conversations.tenantId, argument(conversations.tenantId, 'tenantId')),
        eq(conversations.id, argument(conversations.id, 'id')),
      ),
    )
    .prepare('customer_of_conversation'),
);

/** Whether it is the caller's own conversation, or the caller is staff and it exists. */
export async function mayFollowConversation(ctx: MemberContext, id: Id<'cnv'>): Promise<boolean> {
  const { actor, tenantId } = ctx;
  const [row] = await readTenant(ctx, ({ tx }) => customerOf(tx).execute({ tenantId, id }));
  return row !== undefined && (actor.role !== 'customer' || row.customerId === actor.userId);
}
