import { clientAnswer, serverEvents, signals, socketInputs } from '@insightdesk/shared/contract';
import { inboundEvents } from '@insightdesk/shared/domain/integrations/event-ingest';
import { z } from 'zod';
import { createSchemas, type Json, type Schemas } from '../openapi/schemas.ts';
import { channels, heard, recorded, toldOutside } from './event-catalog.ts';

const about =
  'Everything that is told: to clients on sockets, to webhooks, and between the parts of the system. ' +
  'Sockets are Socket.IO 4: an event of a channel arrives as `event`, a signal as `signal`, a request ' +
  'is emitted under its own name and acknowledged. Facts are recorded once in the outbox, in order.';

const ref = (path: string) => ({ $ref: `#/${path}` });
/** Names of components hold no slashes. */
const keyOf = (name: string) => name.replace(/[^\w.-]/g, '-');

/** What the server says to a socket itself, besides the events and signals of its channels. */
const notices = Object.entries(serverEvents).filter(
  ([name]) => name !== 'event' && name !== 'signal',
);

/** The AsyncAPI 3.0 document, made from the catalogs of events, channels and requests. */
export function describeEvents({ publicUrl }: { publicUrl: string }): Json {
  const schemas = createSchemas();
  const messages = describeMessages(schemas);
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

/** Every message, under a key that begins with its kind. */
function describeMessages(schemas: Schemas): Json {
  const message = (name: string, payload: z.ZodType, more: Json = {}) => ({
    name,
    contentType: 'application/json',
    payload: schemas.of(payload),
    ...more,
  });
  const table = <T>(kind: string, entries: [string, T][], of: (name: string, value: T) => Json) =>
    Object.fromEntries(entries.map(([name, value]) => [`${kind}.${keyOf(name)}`, of(name, value)]));
  const headers = schemas.of(signature);
  return {
    ...table('event', Object.entries(heard), (name, data) =>
      message(name, serverEvents.event.extend({ type: z.literal(name), data })),
    ),
    signal: message('signal', serverEvents.signal),
    ...table('signal', Object.entries<z.ZodType>(signals), (name, data) =>
      message(name, serverEvents.signal.extend({ type: z.literal(name), data })),
    ),
    ...table('notice', notices, (name, notice) => message(name, notice)),
    answer: message('answer', clientAnswer),
    ...table('request', Object.entries<z.ZodType>(socketInputs), (name, input) =>
      message(name, input),
    ),
    acknowledgement: message('acknowledgement', acknowledgement),
    ...table('webhook', Object.entries(toldOutside), (name, data) =>
      message(name, delivery(name, data), { headers }),
    ),
    ...table(
      'fact',
      recorded.map((event) => [event.name, event]),
      (name, { payload, version }) =>
        message(name, payload, { 'x-version': version, ...isInbound(name) }),
    ),
  };
}

function describeChannels(names: string[]): Json {
  const carrying = (wanted: string[]) =>
    Object.fromEntries(wanted.map((name) => [name, ref(`components/messages/${name}`)]));
  const beginning = (prefix: string) => names.filter((name) => name.startsWith(prefix));
  const subscribed = Object.entries(channels).map(([key, channel]) => {
    const { address, prefix, description } = channel;
    const events = channel.events.map((name) => `event.${name}`);
    const own = channel.signals.map((name) => `signal.${name}`);
    return [
      key,
      {
        address,
        description,
        servers: [ref('servers/sockets')],
        parameters: { [prefix]: { description: `An id that begins with ${prefix}_` } },
        messages: carrying([...events, ...own, 'signal']),
      },
    ];
  });
  return {
    ...Object.fromEntries(subscribed),
    socket: {
      address: null,
      description: 'The socket itself',
      servers: [ref('servers/sockets')],
      messages: carrying([
        ...beginning('request.'),
        'acknowledgement',
        ...beginning('notice.'),
        'answer',
      ]),
    },
    webhooks: {
      address: null,
      description: 'An address of the organisation, by POST',
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
  const channel = ref('channels/socket');
  const onSocket = (name: string) => [ref(`channels/socket/messages/${name}`)];
  const told = [...Object.keys(channels), 'webhooks', 'outbox'].map((key) => [
    `tell.${key}`,
    { action: 'send', channel: ref(`channels/${key}`) },
  ]);
  const asked = Object.keys(socketInputs).map((name) => [
    `ask.${keyOf(name)}`,
    {
      action: 'receive',
      channel,
      messages: onSocket(`request.${keyOf(name)}`),
      reply: { channel, messages: onSocket('acknowledgement') },
    },
  ]);
  const noticed = notices.map(([name]) => [
    name,
    {
      action: 'send',
      channel,
      messages: onSocket(`notice.${name}`),
      ...(name === 'request' && { reply: { channel, messages: onSocket('answer') } }),
    },
  ]);
  return Object.fromEntries([...told, ...asked, ...noticed]);
}

const isInbound = (name: string) =>
  Object.hasOwn(inboundEvents, name) ? { 'x-accepted-from-outside': true } : {};

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

const acknowledgement = z.union([
  z.looseObject({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), error: z.looseObject({ status: z.int(), code: z.string() }) }),
]);
