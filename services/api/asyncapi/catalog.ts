import { Channels, type IdPrefix } from '@insightdesk/shared/contract';
import { attachmentEvents } from '@insightdesk/shared/domain/attachments';
import { conversationEvents } from '@insightdesk/shared/domain/conversations';
import { notificationEvents } from '@insightdesk/shared/domain/notifications';
import { tenantEvents } from '@insightdesk/shared/domain/tenants';
import { userEvents } from '@insightdesk/shared/domain/users';
import { publicEvents, webhookEvents } from '@insightdesk/shared/domain/webhooks';
import { catalogOf } from '@insightdesk/shared/events';
import { z } from 'zod';

/** Everything that is recorded, by its name. */
export const recorded = catalogOf(
  tenantEvents,
  userEvents,
  attachmentEvents,
  conversationEvents,
  notificationEvents,
  webhookEvents,
);

/** The data of `presence.changed`, which is told but never recorded. */
const presenceChanged = z.object({
  userId: z.string(),
  status: z.string(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  connections: z.int(),
  change: z.enum(['joined', 'changed', 'left']),
  lastSeenAt: z.iso.datetime(),
});

/** What clients hear on sockets, and its data. */
export const heard: Readonly<Record<string, z.ZodType>> = {
  ...publicEvents,
  'session.revoked': userEvents.sessionRevoked.payload,
  'presence.changed': presenceChanged,
};

interface SocketChannel {
  address: string;
  prefix: IdPrefix;
  description: string;
  events: readonly string[];
}

const aroundConversations = Object.keys(publicEvents).filter((name) =>
  /^(attachment|conversation|message)\./.test(name),
);
const any = <P extends IdPrefix>(prefix: P) => `{${prefix}}` as `${P}_${string}`;

/** The channels that sockets subscribe to; `{cnv}` is the id of a conversation. */
export const channels: Readonly<Record<keyof typeof Channels, SocketChannel>> = {
  userPrivate: {
    ...{ address: Channels.userPrivate(any('usr')), prefix: 'usr' },
    description: 'One person, on all devices',
    events: [...aroundConversations, 'member.updated', 'member.removed', 'session.revoked'],
  },
  organization: {
    ...{ address: Channels.organization(any('org')), prefix: 'org' },
    description: 'The staff of an organisation',
    events: Object.keys(publicEvents),
  },
  conversation: {
    ...{ address: Channels.conversation(any('cnv')), prefix: 'cnv' },
    description: 'A conversation: its customer and the staff',
    events: aroundConversations,
  },
  conversationStaff: {
    ...{ address: Channels.conversationStaff(any('cnv')), prefix: 'cnv' },
    description: 'A conversation, staff only: internal notes',
    events: aroundConversations,
  },
  organizationPresence: {
    ...{ address: Channels.organizationPresence(any('org')), prefix: 'org' },
    description: 'Who of the staff is here',
    events: ['presence.changed'],
  },
  conversationPresence: {
    ...{ address: Channels.conversationPresence(any('cnv')), prefix: 'cnv' },
    description: 'Who looks at a conversation',
    events: ['presence.changed'],
  },
};
