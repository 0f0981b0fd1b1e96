import { expect, test } from 'bun:test';
import schema from '@asyncapi/specs/schemas/3.0.0-without-$id.json' with { type: 'json' };
import {
  Channels,
  Events,
  serverEvents,
  signals,
  socketInputs,
} from '@insightdesk/shared/contract';
import { events } from '@insightdesk/shared/domain/catalog';
import { acceptedEvents } from '@insightdesk/shared/domain/integrations/event-ingest';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { describeEvents } from './describe-events.ts';
import { channels, socketEvents } from './event-catalog.ts';

const document = JSON.parse(JSON.stringify(describeEvents({ publicUrl: 'https://desk.example' })));

test('AsyncAPI: the document is valid 3.0', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  const isValid = validate(document);
  const { errors } = validate;
  expect({ isValid, errors }).toEqual({ isValid: true, errors: null });
  expect(validate({ ...document, channels: { x: { address: 7 } } })).toBe(false);
}, 60_000);

test('AsyncAPI: every $ref resolves', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(50);
  for (const [, path = ''] of references) {
    const found = path
      .split('/')
      .reduce((at: unknown, part) => (at as Record<string, unknown>)?.[part], document);
    expect({ path, isFound: found !== undefined }).toEqual({ path, isFound: true });
  }
});

type Components = Record<string, { name: string } & Record<string, unknown>>;
const components = Object.values(document.components.messages as Components);

test('AsyncAPI: the outbox channel lists every event', () => {
  const outboxMessages = Object.keys(document.channels.outbox.messages);
  expect(outboxMessages).toHaveLength(Object.keys(events).length);
  expect(outboxMessages).toContain('outbox.invitation.created');
});

test('AsyncAPI: socket channels list their events, signals and requests', () => {
  expect(Object.keys(socketEvents).toSorted()).toEqual(Object.values(Events).toSorted());
  expect(Object.keys(channels)).toEqual(Object.keys(Channels));
  const channelEvents = new Set(Object.values(channels).flatMap(({ events }) => events));
  expect([...channelEvents].toSorted()).toEqual(Object.keys(socketEvents).toSorted());
  const channelSignals = new Set(Object.values(channels).flatMap(({ signals }) => signals));
  expect([...channelSignals].toSorted()).toEqual(Object.keys(signals).toSorted() as never);
  expect(channels.conversation.events).toEqual(
    expect.arrayContaining(['message.created', 'conversation.updated', 'attachment.ready']),
  );
  expect(channels.conversation.events).not.toContain('member.updated');
  expect(channels.userPrivate.events).toContain('session.revoked');
  expect(channels.organization.events).not.toContain('session.revoked');
  expect(document.channels.conversation.address).toBe('private-conversation-{cnv}');
  for (const name of Object.keys(socketInputs)) {
    expect(document.operations).toHaveProperty([`request.${name.replace(':', '-')}`]);
  }
});

test('AsyncAPI: the socket channel lists all server messages and the reply to a request', () => {
  expect(Object.keys(document.channels.socket.messages)).toEqual(
    expect.arrayContaining(['notice.expiring', 'notice.closing', 'notice.drain', 'answer']),
  );
  const names = components.map(({ name }) => name);
  const emitted = Object.keys(serverEvents).filter((name) => name !== 'event');
  expect(names).toEqual(expect.arrayContaining([...emitted, ...Object.keys(signals)]));
  expect(document.operations.request.reply.messages).toEqual([
    { $ref: '#/channels/socket/messages/answer' },
  ]);
  const { messages } = document.channels.organization;
  expect(Object.keys(messages)).toContain('signal.job.updated');
});

test('AsyncAPI: webhooks list their events; events accepted by the API are marked', () => {
  const delivered = Object.keys(document.channels.webhooks.messages);
  expect(delivered).toContain('webhook.message.created');
  expect(delivered).not.toContain('webhook.session.revoked');
  const accepted = components.filter((message) => message['x-accepted-by-api']);
  expect(accepted.map(({ name }) => name)).toEqual(Object.keys(acceptedEvents));
});
