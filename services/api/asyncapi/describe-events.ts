import { socketInputs } from '@insightdesk/shared/contract';
import { inboundEvents } from '@insightdesk/shared/domain/inbound';
import { publicEvents } from '@insightdesk/shared/domain/webhooks';
import { z } from 'zod';
import { createSchemas, type Json } from '../openapi/schemas.ts';
import { channels, heard, recorded } from './catalog.ts';

const about =
  'Everything that is told: to clients on sockets, to webhooks, and between the parts of the system. ' +
  'Sockets are Socket.IO 4: an event of a channel arrives as `event`, a signal as `signal`, a request ' +
  'is emitted under its own name and acknowledged. Facts are recorded once in the outbox, in order.';

const ref = (path: string) => ({ $ref: `#/${path}` });
/** Names of components hold no slashes. */
const keyOf = (name: string) => name.replace(/[^\w.-]/g, '-');

/** The AsyncAPI 3.0 document, made from the catalogs of events, channels and requests. */
export function describeEvents({ publicUrl }: { publicUrl: string }): Json {
  const schemas = createSchemas();
  const message = (name: string, payload: z.ZodType, more: Json = {}) => ({
    ...{ name, contentType: 'application/json', payload: schemas.of(payload), ...more },
  });
  const table = (entries: [string, Json][]) => Object.fromEntries(entries);
  const messages = {
    ...table(
      Object.entries(heard).map(([name, data]) => [
        `event.${name}`,
        message(name, channelEvent(name, data)),
      ]),
    ),
    signal: message('signal', signal),
    drain: message('drain', z.object({ reconnectInMs: z.int() })),
    ...table(
      Object.entries(socketInputs).map(([name, input]) => [
        `request.${keyOf(name)}`,
        message(name, input),
      ]),
    ),
    acknowledgement: message('acknowledgement', acknowledgement),
    ...table(
      Object.entries(publicEvents).map(([name, data]) => [
        `webhook.${name}`,
        message(name, delivery(name, data), { headers: schemas.of(signature) }),
      ]),
    ),
    ...table(
      Object.values(recorded).map(({ name, payload, version }) => [
        `fact.${keyOf(name)}`,
        message(name, payload, { 'x-version': version, ...isExternal(name) }),
      ]),
    ),
  };
  const host = new URL(publicUrl).host;
  return {
    asyncapi: '3.0.0',
    info: { title: 'InsightDesk events', version: '1', description: about },
    defaultContentType: 'application/json',
    servers: {
      sockets: { host, protocol: 'wss', pathname: '/socket.io/', security: [ref(bearer)] },
    },
    channels: describeChannels(Object.keys(messages)),
    operations: describeOperations(),
    components: {
      messages,
      schemas: schemas.named(),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

const bearer = 'components/securitySchemes/bearer';

function describeChannels(names: string[]): Json {
  const carrying = (wanted: string[]) =>
    Object.fromEntries(wanted.map((name) => [name, ref(`components/messages/${name}`)]));
  const beginning = (prefix: string) => names.filter((name) => name.startsWith(prefix));
  const subscribed = Object.entries(channels).map(([key, { address, prefix, ...channel }]) => [
    key,
    {
      ...{ address, description: channel.description, servers: [ref('servers/sockets')] },
      parameters: { [prefix]: { description: `An id that begins with ${prefix}_` } },
      messages: carrying([...channel.events.map((name) => `event.${name}`), 'signal']),
    },
  ]);
  return {
    ...Object.fromEntries(subscribed),
    socket: {
      ...{ address: null, description: 'The socket itself', servers: [ref('servers/sockets')] },
      messages: carrying([...beginning('request.'), 'acknowledgement', 'drain']),
    },
    webhooks: {
      ...{ address: null, description: 'An address of the organisation, by POST' },
      messages: carrying(beginning('webhook.')),
    },
    outbox: {
      address: 'outbox',
      description: 'Internal: what was recorded, relayed in order; POST /v1/events adds to it',
      messages: carrying(beginning('fact.')),
    },
  };
}

function describeOperations(): Json {
  const told = [...Object.keys(channels), 'webhooks', 'outbox'].map((key) => [
    `tell.${key}`,
    { action: 'send', channel: ref(`channels/${key}`) },
  ]);
  const asked = Object.keys(socketInputs).map((name) => [
    `ask.${keyOf(name)}`,
    {
      action: 'receive',
      channel: ref('channels/socket'),
      messages: [ref(`channels/socket/messages/request.${keyOf(name)}`)],
      reply: {
        channel: ref('channels/socket'),
        messages: [ref('channels/socket/messages/acknowledgement')],
      },
    },
  ]);
  const drain = {
    action: 'send',
    channel: ref('channels/socket'),
    messages: [ref('channels/socket/messages/drain')],
  };
  return { ...Object.fromEntries([...told, ...asked]), drain };
}

const isExternal = (name: string) =>
  Object.hasOwn(inboundEvents, name) ? { 'x-accepted-from-outside': true } : {};

const channelEvent = (type: string, data: z.ZodType) =>
  z.object({
    id: z.string(),
    channel: z.string(),
    epoch: z.string(),
    offset: z.int().describe('Rises within an epoch'),
    type: z.literal(type),
    data,
    at: z.iso.datetime(),
  });

const delivery = (type: string, data: z.ZodType) =>
  z.object({
    type: z.literal(type),
    timestamp: z.iso.datetime(),
    organizationId: z.string(),
    data,
  });

const signature = z.object({
  'webhook-id': z.string().describe('The same in every attempt'),
  'webhook-timestamp': z.string().describe('Seconds since 1970'),
  'webhook-signature': z.string().describe('Standard Webhooks: v1,<base64>, one for each secret'),
});

const signal = z.object({
  channel: z.string(),
  type: z.string(),
  data: z.unknown(),
  from: z.string(),
});

const acknowledgement = z.union([
  z.looseObject({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), error: z.looseObject({ status: z.int(), code: z.string() }) }),
]);
