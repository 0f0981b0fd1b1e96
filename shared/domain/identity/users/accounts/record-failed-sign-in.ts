import { type Context, withTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { and, eq, isNull } from 'drizzle-orm';
import { signInFailed } from '../events.ts';
import { members } from '../tables.ts';

const MOST_ORGANIZATIONS = 20;
const MINUTE_MS = 60_000;

const memberships = statement({ userId: members.userId }, ({ userId }, q) =>
  q
    .select({ tenantId: members.tenantId })
    .from(members)
    .where(and(eq(members.userId, userId), isNull(members.removedAt)))
    .limit(MOST_ORGANIZATIONS),
);

/**
 * Tells the organisations of a person that somebody failed to sign in as him: once a minute at
 * most. Never before the answer, which would show by its time that there is such a person.
 */
export async function recordFailedSignIn(ctx: Context, userId: Id<'usr'>): Promise<void> {
  const minute = Math.floor(Date.now() / MINUTE_MS);
  const all = await ctx.database.read({ userId }, (tx) => memberships(tx, { userId }));
  for (const { tenantId } of all) {
    const id = idOf(`${tenantId} ${userId} ${minute}`);
    const actor = { kind: 'anonymous' } as const;
    // The request was answered: its key is not for this.
    await withTenant({ ...ctx, actor, tenantId, idempotency: undefined }, (tenant) =>
      record(tenant, signInFailed, { userId }, { id }),
    );
  }
}

/** The same for the same text. */
const idOf = (text: string) =>
  fromUuid('evt', new Bun.CryptoHasher('sha256').update(text).digest('hex').slice(0, 32));
