import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { type Id, idSchema, managerRoles } from '@insightdesk/shared/contract';
import { decodeCursor, page, pageInput, pageOf } from '@insightdesk/shared/database';
import { addHours, newId } from '@insightdesk/shared/utils';
import { and, count, desc, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { WebhookErrors } from './errors.ts';
import { filters, requireKnown } from './filters.ts';
import { newSecret } from './signature.ts';
import { webhooks } from './tables.ts';
import { secretView, toWebhook, webhookView } from './view.ts';

const MOST = 20;
const OVERLAP_HOURS = 24;

const fields = {
  url: z.url().max(2_000),
  description: z.string().max(500),
  events: filters,
  enabled: z.boolean(),
};

/** Adds a webhook; its secret is in this answer and in no other. */
export const addWebhook = defineAction({
  summary: 'Add a webhook',
  input: z.strictObject({
    url: fields.url,
    events: fields.events,
    description: fields.description.default(''),
    enabled: fields.enabled.default(true),
  }),
  output: z.object({ ...webhookView.shape, ...secretView.shape }),
  allow: managerRoles,
  transaction: 'write',
  async run(ctx, input) {
    ctx.outbound.check(input.url);
    requireKnown(ctx.publicEvents, input.events);
    await requireRoom(ctx);
    const row = { tenantId: ctx.tenantId, id: newId('whk'), secret: newSecret(), ...input };
    const [made] = await ctx.tx.insert(webhooks).values(row).returning();
    if (!made) throw WebhookErrors.NotFound();
    return { ...toWebhook(made), secret: made.secret };
  },
});

/** The organisation's webhooks. */
export const listWebhooks = defineAction({
  summary: 'List webhooks',
  input: z.strictObject(pageInput),
  output: pageOf(webhookView),
  allow: managerRoles,
  transaction: 'read',
  async run({ tx, tenantId }, { limit, cursor }) {
    const before = decodeCursor(cursor, idSchema('whk'));
    const rows = await tx
      .select()
      .from(webhooks)
      .where(and(eq(webhooks.tenantId, tenantId), before && lt(webhooks.id, before)))
      .orderBy(desc(webhooks.id))
      .limit(limit + 1)
      .execute();
    return page(rows, limit, ({ id }) => id, toWebhook);
  },
});

/** One webhook. */
export const getWebhook = defineAction({
  summary: 'Read a webhook',
  input: z.strictObject({ id: idSchema('whk') }),
  output: webhookView,
  allow: managerRoles,
  transaction: 'read',
  run: async (ctx, { id }) => toWebhook(await requireWebhook(ctx, id)),
});

/** Changes a webhook; one that is switched on again starts without a past. */
export const changeWebhook = defineAction({
  summary: 'Change a webhook',
  input: z.strictObject({ id: idSchema('whk'), ...z.object(fields).partial().shape }),
  output: webhookView,
  allow: managerRoles,
  transaction: 'write',
  async run(ctx, { id, ...wanted }) {
    const before = await requireWebhook(ctx, id);
    if (wanted.url !== undefined) ctx.outbound.check(wanted.url);
    if (wanted.events !== undefined) requireKnown(ctx.publicEvents, wanted.events);
    const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
    if (given.length === 0) return toWebhook(before);
    const fresh = wanted.enabled === true ? { disabledReason: null, failingSince: null } : {};
    const [after] = await ctx.tx
      .update(webhooks)
      .set({ ...Object.fromEntries(given), ...fresh })
      .where(isWebhook(ctx, id))
      .returning();
    if (!after) throw WebhookErrors.NotFound();
    return toWebhook(after);
  },
});

/** Removes a webhook and its log. */
export const removeWebhook = defineAction({
  summary: 'Remove a webhook',
  input: z.strictObject({ id: idSchema('whk') }),
  output: z.void(),
  allow: managerRoles,
  transaction: 'write',
  async run(ctx, { id }) {
    const gone = await ctx.tx
      .delete(webhooks)
      .where(isWebhook(ctx, id))
      .returning({ id: webhooks.id });
    if (gone.length === 0) throw WebhookErrors.NotFound();
  },
});

/** Gives a webhook a new secret; for 24 hours the old one signs besides. */
export const rotateSecret = defineAction({
  summary: "Replace a webhook's secret; both sign for 24 hours",
  input: z.strictObject({ id: idSchema('whk') }),
  output: secretView,
  allow: managerRoles,
  transaction: 'write',
  async run(ctx, { id }) {
    const secret = newSecret();
    const [changed] = await ctx.tx
      .update(webhooks)
      .set({
        secret,
        previousSecret: sql`${webhooks.secret}`,
        previousSecretUntil: addHours(new Date(), OVERLAP_HOURS),
      })
      .where(isWebhook(ctx, id))
      .returning({ id: webhooks.id });
    if (!changed) throw WebhookErrors.NotFound();
    return { secret };
  },
});

/** One webhook of the organisation. */
export async function requireWebhook(ctx: TenantContext, id: Id<'whk'>) {
  const [row] = await ctx.tx.select().from(webhooks).where(isWebhook(ctx, id)).execute();
  if (!row) throw WebhookErrors.NotFound();
  return row;
}

export const isWebhook = ({ tenantId }: { tenantId: Id<'org'> }, id: Id<'whk'>) =>
  and(eq(webhooks.tenantId, tenantId), eq(webhooks.id, id));

async function requireRoom({ tx, tenantId }: TenantContext) {
  // Two that are added at once wait for each other.
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`webhooks ${tenantId}`}, 0))`,
  );
  const [row] = await tx
    .select({ n: count() })
    .from(webhooks)
    .where(eq(webhooks.tenantId, tenantId));
  if (row && row.n >= MOST) throw WebhookErrors.TooMany(MOST);
}
