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
import { inboundEvents } from '@insightdesk/shared/domain/integrations/event-ingest';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { channels, heard } from './event-catalog.ts';
import { describeEvents } from './describe-events.ts';

const document = JSON.parse(JSON.stringify(describeEvents({ publicUrl: 'https://desk.example' })));

test('the document is valid AsyncAPI 3.0', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  const isValid = validate(document);
  const { errors } = validate;
  expect({ isValid, errors }).toEqual({ isValid: true, errors: null });
  expect(validate({ ...document, channels: { x: { address: 7 } } })).toBe(false);
}, 60_000);

test('every reference leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(50);
  for (const [, path = ''] of references) {
    const found = path
      .split('/')
      .reduce((at: unknown, part) => (at as Record<string, unknown>)?.[part], document);
    expect({ path, isThere: found !== undefined }).toEqual({ path, isThere: true });
  }
});

type Components = Record<string, { name: string } & Record<string, unknown>>;
const components = Object.values(document.components.messages as Components);

test('it names every event that is recorded', () => {
  const facts = Object.keys(document.channels.outbox.messages);
  expect(facts).toHaveLength(Object.keys(events).length);
  expect(facts).toContain('fact.invitation.created');
});

test('it names what sockets hear, by channel, and what they may emit', () => {
  expect(Object.keys(heard).toSorted()).toEqual(Object.values(Events).toSorted());
  expect(Object.keys(channels)).toEqual(Object.keys(Channels));
  const told = new Set(Object.values(channels).flatMap(({ events }) => events));
  expect([...told].toSorted()).toEqual(Object.keys(heard).toSorted());
  const signalled = new Set(Object.values(channels).flatMap(({ signals }) => signals));
  expect([...signalled].toSorted()).toEqual(Object.keys(signals).toSorted() as never);
  expect(channels.conversation.events).toEqual(
    expect.arrayContaining(['message.created', 'conversation.updated', 'attachment.ready']),
  );
  expect(channels.conversation.events).not.toContain('member.updated');
  expect(channels.userPrivate.events).toContain('session.revoked');
  expect(channels.organization.events).not.toContain('session.revoked');
  expect(document.channels.conversation.address).toBe('private-conversation-{cnv}');
  for (const name of Object.keys(socketInputs)) {
    expect(document.operations).toHaveProperty([`ask.${name.replace(':', '-')}`]);
  }
});

test('it names all that the server emits, with what is answered to a request', () => {
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

test('it names what webhooks are told, and what may come from outside', () => {
  const delivered = Object.keys(document.channels.webhooks.messages);
  expect(delivered).toContain('webhook.message.created');
  expect(delivered).not.toContain('webhook.session.revoked');
  const outside = components.filter((message) => message['x-accepted-from-outside']);
  expect(outside.map(({ name }) => name)).toEqual(Object.keys(inboundEvents));
});
