import { type Context, defineAction, readTenant, withTenant } from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import {
  type NotificationKind,
  notificationKinds,
  readPreferences,
  writePreferences,
} from '@insightdesk/shared/domain/identity/preferences';
import { members } from '@insightdesk/shared/domain/identity/users';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { UnsubscribeErrors } from './errors.ts';

const PURPOSE = 'unsubscribe';

interface Subscription {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
  kinds: NotificationKind[];
}

/** The token of a link that switches off these kinds of email for a user; it does not expire. */
export const createUnsubscribeToken = (
  ctx: Context,
  { tenantId, userId, kinds }: Subscription,
): string => ctx.security.tokenCodec.encode(PURPOSE, [tenantId, userId, ...kinds]);

function decodeToken(ctx: Context, token: string): Subscription {
  const [tenantId, userId, ...rest] = ctx.security.tokenCodec.decode(PURPOSE, token) ?? [];
  const kinds = notificationKinds.filter((kind) => rest.includes(kind));
  if (!isId('org', tenantId) || !isId('usr', userId) || kinds.length === 0) {
    throw UnsubscribeErrors.LinkInvalid();
  }
  return { tenantId, userId, kinds };
}

const token = z.string().max(1_000);

const view = z
  .object({
    organization: z.object({ name: z.string() }),
    kinds: z.array(z.enum(notificationKinds)),
    subscribed: z.boolean(),
  })
  .meta({ id: 'Subscription' });

/** What the page shows; it names neither the person nor the address. */
export const getSubscription = defineAction({
  summary: 'Get what the unsubscribe link of an email is for',
  input: z.strictObject({ token }),
  output: view,
  allow: 'anyone',
  run: (ctx, input) => readSubscription(ctx, decodeToken(ctx, input.token)),
});

async function readSubscription(ctx: Context, { tenantId, userId, kinds }: Subscription) {
  const [[organization], preferences] = await readTenant({ ...ctx, tenantId }, (tenant) =>
    Promise.all([
      tenant.tx
        .select({ name: organizations.name })
        .from(organizations)
        .where(eq(organizations.id, tenantId))
        .execute(),
      readPreferences(tenant, userId),
    ]),
  );
  if (!organization) throw UnsubscribeErrors.LinkInvalid();
  const subscribed = kinds.some((kind) => preferences.notifications[kind].email !== 'off');
  return { organization, kinds, subscribed };
}

/** RFC 8058: mail programs send `List-Unsubscribe=One-Click`. */
export const unsubscribe = defineAction({
  summary: 'Switch a kind of email off, or on again, with the link of an email',
  input: z.strictObject({
    token,
    subscribe: z.boolean().default(false).describe('Switches it on again'),
    'List-Unsubscribe': z.literal('One-Click').optional(),
  }),
  output: view,
  allow: 'anyone',
  async run(ctx, input) {
    const subscription = decodeToken(ctx, input.token);
    const { tenantId, userId, kinds } = subscription;
    const email = input.subscribe ? null : ('off' as const);
    await withTenant({ ...ctx, tenantId }, async (tenant) => {
      const [member] = await tenant.tx
        .select({ userId: members.userId })
        .from(members)
        .where(matches(members, { tenantId, userId }));
      if (!member) throw UnsubscribeErrors.LinkInvalid();
      const notifications = Object.fromEntries(kinds.map((kind) => [kind, { email }]));
      await writePreferences(tenant, userId, { notifications });
    });
    return readSubscription(ctx, subscription);
  },
});
