import { Channels, type Id } from '@insightdesk/shared/contract';
import type { Audience, View } from './audience.ts';

/** One entry for a channel's log. */
export interface Publication {
  channel: string;
  type: string;
  data: unknown;
}

interface Happened {
  name: string;
  tenantId: Id<'org'>;
  payload: unknown;
}

/** What is told of an event, and where; computed without side effects. */
export function publicationsOf(
  { around, staff, customer, person, also }: Audience,
  { name: type, tenantId, payload }: Happened,
): Publication[] {
  const place = around?.(payload);
  const one = person?.who(payload);
  const other = also?.channel(payload);
  const all: Publication[] = [];
  const tell = (channel: string, view: View | undefined) => {
    if (view) all.push({ channel, type, data: view.of(payload) });
  };
  if (place || !around) tell(Channels.organization(tenantId), staff);
  if (place?.customerId && customer) {
    tell(Channels.conversation(place.conversationId), customer);
    tell(Channels.userPrivate(place.customerId), customer);
  } else if (place) {
    tell(Channels.conversationStaff(place.conversationId), staff);
  }
  if (one) tell(Channels.userPrivate(one), person?.sees);
  if (other) tell(other, also?.sees);
  return all;
}

/** What a channel of each kind may carry of an event: the views of those who listen to it. */
export function viewsByChannel({
  around,
  staff,
  customer,
  person,
}: Audience): Partial<Record<keyof typeof Channels, View[]>> {
  const known = (...views: (View | undefined)[]) => views.filter((view) => view !== undefined);
  return {
    userPrivate: known(customer, person?.sees),
    organization: known(staff),
    conversation: known(customer),
    conversationStaff: around ? known(staff) : [],
  };
}
