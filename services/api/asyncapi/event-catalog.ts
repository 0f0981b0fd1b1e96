import {
  Channels,
  Events,
  type IdPrefix,
  presenceChange,
  type signals,
} from '@insightdesk/shared/contract';
import { events, publicEvents } from '@insightdesk/shared/domain/catalog';
import { type View, viewsByChannel } from '@insightdesk/shared/events';
import { z } from 'zod';

type ChannelKind = keyof typeof Channels;

/** What somebody hears: each event's name and its data. */
export type Heard = Readonly<Record<string, z.ZodType>>;

/** Everything that is recorded. */
export const recorded = Object.values(events);

/** What webhooks are told. */
export const toldOutside: Heard = Object.fromEntries(
  publicEvents.flatMap(({ name, audience }) =>
    audience.staff ? [[name, audience.staff.schema]] : [],
  ),
);

/** What clients hear on sockets. */
export const heard: Heard = {
  ...Object.fromEntries(
    recorded.flatMap(({ name, audience: { staff, customer, person, also } }) => {
      const views = [staff, customer, person?.sees, also?.sees].filter(
        (view) => view !== undefined,
      );
      return views.length > 0 ? [[name, shapeOf(views)]] : [];
    }),
  ),
  [Events.presenceChanged]: presenceChange,
};

/** One shape, or one of several where audiences see different things. */
function shapeOf(views: readonly View[]): z.ZodType {
  const schemas = [...new Set(views.map(({ schema }) => schema))];
  const [first = z.never(), ...more] = schemas;
  return more.length > 0 ? z.union(schemas) : first;
}

interface SocketChannel {
  address: string;
  prefix: IdPrefix;
  description: string;
  events: readonly string[];
  signals: readonly (keyof typeof signals)[];
}

const any = <P extends IdPrefix>(prefix: P) => `{${prefix}}` as `${P}_${string}`;

const heardOn = (kind: ChannelKind): string[] =>
  recorded.flatMap(({ name, audience }) =>
    (viewsByChannel(audience)[kind] ?? []).length > 0 ? [name] : [],
  );

/** The channels that sockets subscribe to; `{cnv}` is the id of a conversation. */
export const channels: Readonly<Record<ChannelKind, SocketChannel>> = {
  userPrivate: {
    address: Channels.userPrivate(any('usr')),
    prefix: 'usr',
    description: 'One person, on all devices',
    events: heardOn('userPrivate'),
    signals: ['recording.progress'],
  },
  organization: {
    address: Channels.organization(any('org')),
    prefix: 'org',
    description: 'The staff of an organisation',
    events: heardOn('organization'),
    signals: ['job.updated'],
  },
  conversation: {
    address: Channels.conversation(any('cnv')),
    prefix: 'cnv',
    description: 'A conversation: its customer and the staff',
    events: heardOn('conversation'),
    signals: ['recording.progress'],
  },
  conversationStaff: {
    address: Channels.conversationStaff(any('cnv')),
    prefix: 'cnv',
    description: 'A conversation, staff only: internal notes',
    events: heardOn('conversationStaff'),
    signals: ['recording.progress'],
  },
  organizationPresence: {
    address: Channels.organizationPresence(any('org')),
    prefix: 'org',
    description: 'Who of the staff is here',
    events: [Events.presenceChanged],
    signals: ['typing'],
  },
  conversationPresence: {
    address: Channels.conversationPresence(any('cnv')),
    prefix: 'cnv',
    description: 'Who looks at a conversation',
    events: [Events.presenceChanged],
    signals: ['typing'],
  },
};
