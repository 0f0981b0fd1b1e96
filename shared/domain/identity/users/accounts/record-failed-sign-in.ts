import { type Context, withTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { and, eq, isNull } from 'drizzle-orm';
import { members } from '../tables.ts';
import { signInFailed } from './events.ts';

const MAX_ORGANIZATIONS = 20;
const MINUTE_MS = 60_000;

const selectMemberships = statement({ userId: members.userId }, ({ userId }, q) =>
  q
    .select({ tenantId: members.tenantId })
    .from(members)
    .where(and(eq(members.userId, userId), isNull(members.removedAt)))
    .limit(MAX_ORGANIZATIONS),
);

/**
 * Records a failed sign-in in the user's organizations, at most once a minute. It runs after the
 * response, whose duration would otherwise reveal that the user exists.
 */
export async function recordFailedSignIn(ctx: Context, userId: Id<'usr'>): Promise<void> {
  const minute = Math.floor(Date.now() / MINUTE_MS);
  const memberships = await ctx.database.read({ userId }, (tx) =>
    selectMemberships(tx, { userId }),
  );
  for (const { tenantId } of memberships) {
    const id = eventIdOf(`${tenantId} ${userId} ${minute}`);
    const actor = { kind: 'anonymous' } as const;
    // The request has been answered: its idempotency key does not apply.
    await withTenant({ ...ctx, actor, tenantId, idempotency: undefined }, (tenant) =>
      record(tenant, signInFailed, { userId }, { id }),
    );
  }
}

/** The same id for the same text. */
const eventIdOf = (text: string) =>
  fromUuid('evt', new Bun.CryptoHasher('sha256').update(text).digest('hex').slice(0, 32));
