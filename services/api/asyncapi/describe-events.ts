import { clientResponse, serverEvents, signals, socketInputs } from '@insightdesk/shared/contract';
import { acceptedEvents } from '@insightdesk/shared/domain/integrations/event-ingest';
import { z } from 'zod';
import { createSchemas, type Json, type Schemas } from '../openapi/schemas.ts';
import { channels, recordedEvents, socketEvents, webhookEvents } from './event-catalog.ts';

const description =
  'All events: to clients on sockets, to webhooks, and between services. Sockets are Socket.IO 4: ' +
  'events of a channel are emitted as `event`, signals as `signal`; requests are emitted under their ' +
  'own name and acknowledged. The outbox holds every event once, in order.';

const ref = (path: string) => ({ $ref: `#/${path}` });
/** Component names contain no slashes. */
const keyOf = (name: string) => name.replace(/[^\w.-]/g, '-');

/** Server messages to a single socket, besides events and signals of channels. */
const notices = Object.entries(serverEvents).filter(
  ([name]) => name !== 'event' && name !== 'signal',
);

/** The AsyncAPI 3.0 document, generated from the catalogs of events, channels and requests. */
export function describeEvents({ publicUrl }: { publicUrl: string }): Json {
  const schemas = createSchemas();
  const messages = describeMessages(schemas);
  const host = new URL(publicUrl).host;
  return {
    asyncapi: '3.0.0',
    info: { title: 'InsightDesk events', version: '1', description },
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

/** Every message; its key starts with its kind. */
function describeMessages(schemas: Schemas): Json {
  const message = (name: string, payload: z.ZodType, more: Json = {}) => ({
    name,
    contentType: 'application/json',
    payload: schemas.of(payload),
    ...more,
  });
  const table = <T>(
    kind: string,
    entries: [string, T][],
    toJson: (name: string, value: T) => Json,
  ) =>
    Object.fromEntries(
      entries.map(([name, value]) => [`${kind}.${keyOf(name)}`, toJson(name, value)]),
    );
  const headers = schemas.of(signature);
  return {
    ...table('event', Object.entries(socketEvents), (name, data) =>
      message(name, serverEvents.event.extend({ type: z.literal(name), data })),
    ),
    signal: message('signal', serverEvents.signal),
    ...table('signal', Object.entries<z.ZodType>(signals), (name, data) =>
      message(name, serverEvents.signal.extend({ type: z.literal(name), data })),
    ),
    ...table('notice', notices, (name, notice) => message(name, notice)),
    answer: message('answer', clientResponse),
    ...table('request', Object.entries<z.ZodType>(socketInputs), (name, input) =>
      message(name, input),
    ),
    acknowledgement: message('acknowledgement', acknowledgement),
    ...table('webhook', Object.entries(webhookEvents), (name, data) =>
      message(name, delivery(name, data), { headers }),
    ),
    ...table(
      'outbox',
      recordedEvents.map((event) => [event.name, event]),
      (name, { payload, version }) =>
        message(name, payload, { 'x-version': version, ...isInbound(name) }),
    ),
  };
}

function describeChannels(names: string[]): Json {
  const messagesOf = (keys: string[]) =>
    Object.fromEntries(keys.map((key) => [key, ref(`components/messages/${key}`)]));
  const startingWith = (prefix: string) => names.filter((name) => name.startsWith(prefix));
  const subscribable = Object.entries(channels).map(([key, channel]) => {
    const { address, prefix, description } = channel;
    const events = channel.events.map((name) => `event.${name}`);
    const own = channel.signals.map((name) => `signal.${name}`);
    return [
      key,
      {
        address,
        description,
        servers: [ref('servers/sockets')],
        parameters: { [prefix]: { description: `An id with prefix ${prefix}_` } },
        messages: messagesOf([...events, ...own, 'signal']),
      },
    ];
  });
  return {
    ...Object.fromEntries(subscribable),
    socket: {
      address: null,
      description: 'The socket itself',
      servers: [ref('servers/sockets')],
      messages: messagesOf([
        ...startingWith('request.'),
        'acknowledgement',
        ...startingWith('notice.'),
        'answer',
      ]),
    },
    webhooks: {
      address: null,
      description: 'POST to a webhook URL of the organization',
      messages: messagesOf(startingWith('webhook.')),
    },
    outbox: {
      address: 'outbox',
      description: 'Internal: recorded events, relayed in order; POST /v1/events adds to it',
      messages: messagesOf(startingWith('outbox.')),
    },
  };
}

function describeOperations(): Json {
  const channel = ref('channels/socket');
  const onSocket = (name: string) => [ref(`channels/socket/messages/${name}`)];
  const sent = [...Object.keys(channels), 'webhooks', 'outbox'].map((key) => [
    `send.${key}`,
    { action: 'send', channel: ref(`channels/${key}`) },
  ]);
  const requests = Object.keys(socketInputs).map((name) => [
    `request.${keyOf(name)}`,
    {
      action: 'receive',
      channel,
      messages: onSocket(`request.${keyOf(name)}`),
      reply: { channel, messages: onSocket('acknowledgement') },
    },
  ]);
  const serverMessages = notices.map(([name]) => [
    name,
    {
      action: 'send',
      channel,
      messages: onSocket(`notice.${name}`),
      ...(name === 'request' && { reply: { channel, messages: onSocket('answer') } }),
    },
  ]);
  return Object.fromEntries([...sent, ...requests, ...serverMessages]);
}

const isInbound = (name: string) =>
  Object.hasOwn(acceptedEvents, name) ? { 'x-accepted-by-api': true } : {};

const delivery = (type: string, data: z.ZodType) =>
  z.object({
    type: z.literal(type),
    timestamp: z.iso.datetime(),
    organizationId: z.string(),
    data,
  });

const signature = z.object({
  'webhook-id': z.string().describe('The same on every attempt'),
  'webhook-timestamp': z.string().describe('Unix time in seconds'),
  'webhook-signature': z.string().describe('Standard Webhooks: v1,<base64>, one per secret'),
});

const acknowledgement = z.union([
  z.looseObject({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), error: z.looseObject({ status: z.int(), code: z.string() }) }),
]);
