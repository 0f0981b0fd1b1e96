import { type Context, readTenant } from '@insightdesk/shared/context';
import { argument, prepared } from '@insightdesk/shared/database';
import { requireLiveSession } from '@insightdesk/shared/domain/users';
import { UnauthenticatedError } from '@insightdesk/shared/errors';
import { parseChannel } from '@insightdesk/shared/realtime';
import { and, eq } from 'drizzle-orm';
import { ConversationErrors } from './errors.ts';
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

/** Lets the caller into a channel or throws 404: a stranger does not learn that it exists. */
export async function authorizeChannel(ctx: Context, channel: string): Promise<void> {
  const { actor, tenantId } = ctx;
  if (actor.kind !== 'user' || !tenantId) throw new UnauthenticatedError();
  const parsed = parseChannel(channel);
  const isStaff = actor.role !== 'customer';
  const allowed = await (async () => {
    switch (parsed?.kind) {
      case 'user':
        await requireLiveSession(ctx);
        return parsed.id === actor.userId;
      case 'organization':
      case 'organization-presence':
        await requireLiveSession(ctx);
        return isStaff && parsed.id === tenantId;
      case 'conversation':
      case 'conversation-staff':
      case 'conversation-presence': {
        if (parsed.kind === 'conversation-staff' && !isStaff) return false;
        const [row] = await readTenant(ctx, ({ tx }) =>
          customerOf(tx).execute({ tenantId, id: parsed.id }),
        );
        return row !== undefined && (isStaff || row.customerId === actor.userId);
      }
      default:
        return false;
    }
  })();
  if (!allowed) throw ConversationErrors.ChannelNotFound();
}
