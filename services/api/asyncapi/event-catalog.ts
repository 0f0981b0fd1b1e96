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

/** Event names with the schema of their data. */
export type EventSchemas = Readonly<Record<string, z.ZodType>>;

export const recordedEvents = Object.values(events);

export const webhookEvents: EventSchemas = Object.fromEntries(
  publicEvents.flatMap(({ name, audience }) =>
    audience.staff ? [[name, audience.staff.schema]] : [],
  ),
);

/** Events that clients receive on sockets. */
export const socketEvents: EventSchemas = {
  ...Object.fromEntries(
    recordedEvents.flatMap(({ name, audience: { staff, customer, recipient, extraChannel } }) => {
      const views = [staff, customer, recipient?.view, extraChannel?.view].filter(
        (view) => view !== undefined,
      );
      return views.length > 0 ? [[name, shapeOf(views)]] : [];
    }),
  ),
  [Events.presenceChanged]: presenceChange,
};

/** One schema, or a union where audiences receive different views. */
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

const placeholder = <P extends IdPrefix>(prefix: P) => `{${prefix}}` as `${P}_${string}`;

const eventsOn = (kind: ChannelKind): string[] =>
  recordedEvents.flatMap(({ name, audience }) =>
    (viewsByChannel(audience)[kind] ?? []).length > 0 ? [name] : [],
  );

/** The channels that sockets subscribe to; `{cnv}` is the id of a conversation. */
export const channels: Readonly<Record<ChannelKind, SocketChannel>> = {
  userPrivate: {
    address: Channels.userPrivate(placeholder('usr')),
    prefix: 'usr',
    description: 'One user, on all devices',
    events: eventsOn('userPrivate'),
    signals: ['recording.progress'],
  },
  organization: {
    address: Channels.organization(placeholder('org')),
    prefix: 'org',
    description: 'The staff of an organization',
    events: eventsOn('organization'),
    signals: ['job.updated'],
  },
  conversation: {
    address: Channels.conversation(placeholder('cnv')),
    prefix: 'cnv',
    description: 'A conversation: its customer and staff',
    events: eventsOn('conversation'),
    signals: ['recording.progress'],
  },
  conversationStaff: {
    address: Channels.conversationStaff(placeholder('cnv')),
    prefix: 'cnv',
    description: 'Internal notes of a conversation, staff only',
    events: eventsOn('conversationStaff'),
    signals: ['recording.progress'],
  },
  organizationPresence: {
    address: Channels.organizationPresence(placeholder('org')),
    prefix: 'org',
    description: 'Presence of the staff',
    events: [Events.presenceChanged],
    signals: ['typing'],
  },
  conversationPresence: {
    address: Channels.conversationPresence(placeholder('cnv')),
    prefix: 'cnv',
    description: 'Presence of the viewers of a conversation',
    events: [Events.presenceChanged],
    signals: ['typing'],
  },
};
