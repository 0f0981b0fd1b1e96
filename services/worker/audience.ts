import { Channels, type Id } from '@insightdesk/shared/contract';
import type { attachmentEvents } from '@insightdesk/shared/domain/attachments';
import type { Publication, RecordedEvent } from '@insightdesk/shared/events';

type Event = Pick<RecordedEvent, 'tenantId' | 'name' | 'payload'>;

/** Which conversation something belongs to, and whose it is. */
export interface Place {
  id: Id<'cnv'>;
  customerId: Id<'usr'>;
}

/** All staff of the organisation. */
export const toStaff = (event: Event): Publication[] => [
  { channel: Channels.organization(event.tenantId), type: event.name, data: event.payload },
];

/** One person, on all its devices. */
export const toUser = (event: Event & { payload: { userId: Id<'usr'> } }): Publication[] => [
  { channel: Channels.userPrivate(event.payload.userId), type: event.name, data: event.payload },
];

/** Everyone around a conversation; what has no `customer` data stays on staff channels. */
export function toConversation(
  event: Event,
  { id, customerId }: Place,
  { staff, customer }: { staff: unknown; customer?: unknown },
): Publication[] {
  const type = event.name;
  const organization = { channel: Channels.organization(event.tenantId), type, data: staff };
  if (customer === undefined) {
    return [organization, { channel: Channels.conversationStaff(id), type, data: staff }];
  }
  return [
    organization,
    { channel: Channels.conversation(id), type, data: customer },
    { channel: Channels.userPrivate(customerId), type, data: customer },
  ];
}

type Processed =
  | RecordedEvent<typeof attachmentEvents.attachmentReady>
  | RecordedEvent<typeof attachmentEvents.attachmentRejected>;

/** Whoever may see an attachment by now: at first only the one who uploaded it. */
export function toViewersOf(event: Processed): Publication[] {
  const { conversationId, customerId, uploadedBy, attachment } = event.payload;
  const data = { ...attachment, conversationId };
  if (conversationId === null) {
    return [{ channel: Channels.userPrivate(uploadedBy), type: event.name, data }];
  }
  if (customerId === null) {
    const anyone = { id: conversationId, customerId: uploadedBy };
    return toConversation(event, anyone, { staff: data });
  }
  return toConversation(event, { id: conversationId, customerId }, { staff: data, customer: data });
}
