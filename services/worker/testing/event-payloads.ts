import type { RecordedEvent } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';

export const ids = {
  tenant: newId('org'),
  conversation: newId('cnv'),
  agent: newId('usr'),
  customer: newId('usr'),
  otherCustomer: newId('usr'),
  uploader: newId('usr'),
};

export const at = '2026-01-31T08:00:00.000Z';

/** An event as the relay reads it. */
export const recordedEvent = (name: string, payload: unknown): RecordedEvent => ({
  id: newId('evt'),
  position: 1,
  tenantId: ids.tenant,
  requestId: 'r',
  name,
  version: 1,
  payload,
  at,
});

/** A conversation with five messages, of which two are replies. */
export const conversation = {
  id: ids.conversation,
  number: 7,
  subject: 'S',
  status: 'open',
  priority: 'normal',
  assigneeId: ids.agent,
  customerId: ids.customer,
  tags: ['vip'],
  snoozedUntil: null,
  messageCount: 5,
  lastMessageAt: at,
  createdAt: at,
  version: 3,
};

export const snoozed = { status: 'snoozed', snoozedUntil: '2999-01-01T08:00:00.000Z' };

const agent = {
  id: ids.agent,
  name: 'Ada Lovelace',
  role: 'admin',
  avatarUrl: 'https://a.test/a.png',
};
const customer = { id: ids.customer, name: 'Grace', role: 'customer' };
const lastMessage = { id: newId('msg'), excerpt: 'Hello', createdAt: at };

/** Names as staff sees them. */
export const people = {
  customer,
  assignee: agent,
  lastMessage: { ...lastMessage, author: agent },
};

export const staffNaming = { show: 'first', teamName: 'Support' };

const shownAgent = { id: ids.agent, name: 'Ada', role: 'agent' };

/** The same as customers see them. */
export const shownPeople = {
  customer,
  assignee: shownAgent,
  lastMessage: { ...lastMessage, author: shownAgent },
};

export const conversationCreated = { conversation, replyCount: 2, people, staffNaming };

export const conversationUpdated = (changes = {}) => ({
  ...conversationCreated,
  conversation: { ...conversation, ...changes },
  previousAssigneeId: ids.otherCustomer,
});

export const attachment = {
  id: newId('att'),
  name: 'a.png',
  contentType: 'image/png',
  sizeBytes: 3,
  status: 'ready',
  variants: [],
};

export const message = (kind: 'reply' | 'note') => ({
  id: newId('msg'),
  conversationId: ids.conversation,
  authorId: ids.agent,
  kind,
  body: 'Hello',
  attachments: [attachment],
  clientMessageId: null,
  createdAt: at,
  version: 1,
  editedAt: null as string | null,
  deletedAt: null as string | null,
});

export const messageCreated = (kind: 'reply' | 'note') => ({
  message: message(kind),
  author: agent,
  staffNaming,
  customerId: ids.customer,
  assigneeId: ids.agent,
});

export const messageUpdated = (kind: 'reply' | 'note') => ({
  message: { ...message(kind), version: 2, editedAt: at as string | null },
  author: agent,
  staffNaming,
  customerId: ids.customer,
});

export const messageDeleted = (kind: 'reply' | 'note') => ({
  message: { ...message(kind), body: '', attachments: [], version: 2, deletedAt: at },
  author: agent,
  staffNaming,
  customerId: ids.customer,
});

/** Where an attachment is: in no message yet, in a reply to the customer, or in a note. */
export const places = {
  unclaimed: { conversationId: null, customerId: null },
  reply: { conversationId: ids.conversation, customerId: ids.customer },
  note: { conversationId: ids.conversation, customerId: null },
} as const;

/** The payload of an event on an attachment of `uploader`. */
export const attachmentProcessed = (place: keyof typeof places, contentType = 'image/png') => ({
  ...places[place],
  uploadedBy: ids.uploader,
  attachment: { ...attachment, contentType },
});

export const recording = {
  attachmentId: attachment.id,
  status: 'ready',
  reason: null,
  durationMs: 4000,
  video: { codec: 'h264', width: 640, height: 360, framesPerSecond: 25 },
  audio: null,
};

export const recordingProcessed = (place: keyof typeof places) => ({
  ...attachmentProcessed(place),
  recording,
});
