import { Channels, type Id } from '@insightdesk/shared/contract';
import type { Audience, View } from './audience.ts';

/** An event for one channel. */
export interface Publication {
  channel: string;
  type: string;
  data: unknown;
}

interface EventFields {
  name: string;
  tenantId: Id<'org'>;
  payload: unknown;
}

/** The publications of an event to each of its channels. */
export function publicationsOf(
  { conversation, staff, customer, everyone, recipient, extraChannel }: Audience,
  { name: type, tenantId, payload }: EventFields,
): Publication[] {
  const context = conversation?.(payload);
  const userId = recipient?.userId(payload);
  const extra = extraChannel?.channel(payload);
  const publications: Publication[] = [];
  const add = (channel: string, view: View | undefined) => {
    if (view) publications.push({ channel, type, data: view.map(payload) });
  };
  if (context || !conversation) add(Channels.organization(tenantId), staff);
  add(Channels.organizationPublic(tenantId), everyone);
  if (context?.customerId && customer) {
    add(Channels.conversation(context.conversationId), customer);
    add(Channels.userPrivate(context.customerId), customer);
  } else if (context) {
    add(Channels.conversationStaff(context.conversationId), staff);
  }
  if (userId) add(Channels.userPrivate(userId), recipient?.view);
  if (extra) add(extra, extraChannel?.view);
  return publications;
}

/** The views that each kind of channel may carry: those of its subscribers. */
export function viewsByChannel({
  conversation,
  staff,
  customer,
  everyone,
  recipient,
}: Audience): Partial<Record<keyof typeof Channels, View[]>> {
  const defined = (...views: (View | undefined)[]) => views.filter((view) => view !== undefined);
  return {
    userPrivate: defined(customer, recipient?.view),
    organization: defined(staff),
    organizationPublic: defined(everyone),
    conversation: defined(customer),
    conversationStaff: conversation ? defined(staff) : [],
  };
}
