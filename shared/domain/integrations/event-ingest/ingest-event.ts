import { createHash } from 'node:crypto';
import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { fromUuid, type Id, idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import {
  acceptRequestedEmail,
  notificationEvents,
} from '@insightdesk/shared/domain/desk/notifications';
import { type EventDefinition, outbox, record } from '@insightdesk/shared/events';
import { deepEqual, newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { EventIngestErrors } from './errors.ts';

interface AcceptedEvent<E extends EventDefinition = EventDefinition> {
  event: E;
  /** Throws when the payload refers to something that does not exist now, or a quota is used up. */
  accept?(ctx: TenantContext, payload: z.output<E['payload']>): Promise<void>;
}

const entryOf = <E extends EventDefinition>(event: E, accept?: AcceptedEvent<E>['accept']) =>
  [event.name, { event, ...(accept && { accept }) } as AcceptedEvent] as const;

/** The events that systems of an organization may send, by name. */
export const acceptedEvents: Readonly<Record<string, AcceptedEvent>> = Object.fromEntries([
  entryOf(notificationEvents.emailRequested, acceptRequestedEmail),
]);

const eventName = /^[a-z]+(-[a-z]+)*([./][a-z]+(-[a-z]+)*)+$/;

/** Records an event of an external system; with the sender's `id`, once. */
export const ingestEvent = defineAction({
  summary: 'Send an event',
  input: z.strictObject({
    name: z
      .string()
      .max(100, { abort: true })
      .regex(eventName, 'A dotted name such as email/send.requested'),
    payload: z.record(z.string(), z.unknown()),
    id: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('Id of the sender; the same id again changes nothing'),
  }),
  output: z.object({ id: idSchema('evt'), isNew: z.boolean() }).meta({ id: 'EventReceipt' }),
  allow: 'events:send',
  transaction: 'write',
  async run(ctx, { name, payload: input, id: senderId }) {
    const accepted = Object.hasOwn(acceptedEvents, name) ? acceptedEvents[name] : undefined;
    if (!accepted) throw EventIngestErrors.UnknownEvent('name', name, Object.keys(acceptedEvents));
    const { event } = accepted;
    const { payload } = z.object({ payload: event.payload }).parse({ payload: input });
    const id = senderId === undefined ? newId('evt') : eventIdOf(ctx.tenantId, senderId);
    const before = senderId === undefined ? undefined : await findEvent(ctx, id);
    const isNew =
      !before && (await record(ctx, event, payload as z.input<typeof event.payload>, { id }));
    if (isNew) {
      // Afterwards, so that an event that is sent twice at the same time counts once.
      await accepted.accept?.(ctx, payload);
      return { id, isNew };
    }
    const first = before ?? (await findEvent(ctx, id));
    const isSame = first?.name === name && deepEqual(first.payload, payload);
    if (!isSame) throw EventIngestErrors.IdReused();
    return { id, isNew: false };
  },
});

/** An event id derived from the organization and the sender's id. */
function eventIdOf(tenantId: Id<'org'>, senderId: string): Id<'evt'> {
  const hex = createHash('sha256').update(`${tenantId}\n${senderId}`).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`];
  return fromUuid('evt', [...parts, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-'));
}

async function findEvent({ tx, tenantId }: TenantContext, id: Id<'evt'>) {
  const [row] = await tx
    .select({ name: outbox.name, payload: outbox.payload })
    .from(outbox)
    .where(matches(outbox, { tenantId, eventId: id }));
  return row;
}
