import { createHash } from 'node:crypto';
import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { fromUuid, type Id, idSchema } from '@insightdesk/shared/contract';
import {
  notificationEvents,
  requireRecipient,
} from '@insightdesk/shared/domain/desk/notifications';
import { type EventDefinition, outbox, record } from '@insightdesk/shared/events';
import { deepEqual, nearest, newId } from '@insightdesk/shared/utils';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { InboundErrors } from './errors.ts';

interface InboundEvent<E extends EventDefinition = EventDefinition> {
  event: E;
  /** Throws when the payload cannot be meant; what holds now may not hold when it is acted upon. */
  check?(ctx: TenantContext, payload: z.output<E['payload']>): Promise<void>;
}

const inbound = <E extends EventDefinition>(event: E, check?: InboundEvent<E>['check']) =>
  [event.name, { event, ...(check && { check }) } as InboundEvent] as const;

/** What an organisation's own systems may tell us. */
export const inboundEvents: Readonly<Record<string, InboundEvent>> = Object.fromEntries([
  inbound(notificationEvents.emailRequested, requireRecipient),
]);

const named = /^[a-z]+(-[a-z]+)*([./][a-z]+(-[a-z]+)*)+$/;

/** Records what an outside system tells; with an `id` of its own, once. */
export const sendEvent = defineAction({
  summary: 'Send an event',
  input: z.strictObject({
    name: z
      .string()
      .max(100, { abort: true })
      .regex(named, 'A dotted name such as email/send.requested'),
    payload: z.record(z.string(), z.unknown()),
    id: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe("The sender's own; the same one again changes nothing"),
  }),
  output: z.object({ id: idSchema('evt'), isNew: z.boolean() }),
  allow: 'events:send',
  transaction: 'write',
  async run(ctx, { name, payload, id: own }) {
    const known = Object.hasOwn(inboundEvents, name) ? inboundEvents[name] : undefined;
    if (!known) throw InboundErrors.UnknownName(name, nearest(name, Object.keys(inboundEvents)));
    const { event, check } = known;
    const told = z.object({ payload: event.payload }).parse({ payload }).payload;
    const id = own === undefined ? newId('evt') : idFor(ctx.tenantId, own);
    const before = own === undefined ? undefined : await find(ctx, id);
    if (!before) {
      await check?.(ctx, told);
      if (await record(ctx, event, told as z.input<typeof event.payload>, { id })) {
        return { id, isNew: true };
      }
    }
    const first = before ?? (await find(ctx, id));
    const isSame = first?.name === name && deepEqual(first.payload, told);
    if (!isSame) throw InboundErrors.IdReused();
    return { id, isNew: false };
  },
});

/** The same for the same words of the same organisation. */
function idFor(tenantId: Id<'org'>, own: string): Id<'evt'> {
  const hex = createHash('sha256').update(`${tenantId}\n${own}`).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`];
  return fromUuid('evt', [...parts, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-'));
}

async function find({ tx, tenantId }: TenantContext, id: Id<'evt'>) {
  const [row] = await tx
    .select({ name: outbox.name, payload: outbox.payload })
    .from(outbox)
    .where(and(eq(outbox.tenantId, tenantId), eq(outbox.eventId, id)));
  return row;
}
