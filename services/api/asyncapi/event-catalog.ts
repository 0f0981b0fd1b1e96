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
type EventSchemas = Readonly<Record<string, z.ZodType>>;

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

const eventsOn = (kind: ChannelKind): string[] =>
  recordedEvents.flatMap(({ name, audience }) =>
    (viewsByChannel(audience)[kind] ?? []).length > 0 ? [name] : [],
  );

const channel = (
  kind: ChannelKind,
  prefix: IdPrefix,
  description: string,
  signal?: keyof typeof signals,
): SocketChannel => ({
  address: Channels[kind](`{${prefix}}` as never),
  prefix,
  description,
  events: kind.endsWith('Presence') ? [Events.presenceChanged] : eventsOn(kind),
  signals: signal ? [signal] : [],
});

/** The channels that sockets subscribe to; `{cnv}` is the id of a conversation. */
export const channels: Readonly<Record<ChannelKind, SocketChannel>> = {
  userPrivate: channel('userPrivate', 'usr', 'One user, on all devices', 'recording.progress'),
  organization: channel('organization', 'org', 'The staff of an organization', 'job.updated'),
  organizationPublic: channel('organizationPublic', 'org', 'Everyone in an organization'),
  conversation: channel(
    'conversation',
    'cnv',
    'A conversation: its customer and staff',
    'recording.progress',
  ),
  conversationStaff: channel(
    'conversationStaff',
    'cnv',
    'Internal notes of a conversation, staff only',
    'recording.progress',
  ),
  organizationPresence: channel('organizationPresence', 'org', 'Presence of the staff', 'typing'),
  conversationPresence: channel(
    'conversationPresence',
    'cnv',
    'Presence of the viewers of a conversation',
    'typing',
  ),
};
