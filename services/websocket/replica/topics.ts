import { type ClientResponse, clientResponse } from '@insightdesk/shared/contract';
import {
  type ChannelHubOptions,
  REQUESTS_TOPIC,
  type RequestMessage,
  type ResponseMessage,
  roomOf,
  SIGNALS_TOPIC,
  SOCKET_QUERIES_TOPIC,
  type SocketQueryAnswer,
  type SocketQueryMessage,
  SYSTEM_SENDER,
  type SystemSignal,
} from '@insightdesk/shared/realtime';
import type { Connection } from '../connection/connection.ts';
import type { SocketServerIo } from '../connection/services.ts';
import type { ChannelTable } from '../subscriptions/define-channels.ts';
import { createClients, roomOfUser } from './clients.ts';

type Valkey = ChannelHubOptions['subscriber'];

interface TopicOptions {
  io: SocketServerIo;
  connections: ReadonlyMap<string, Connection>;
  channels: ChannelTable;
  valkey: { hub: Valkey; signalsOut: Valkey };
  onError: (error: unknown) => void;
}

/** Emits the requests and signals of other processes to the sockets here, and answers their queries. */
export function serveTopics(options: TopicOptions) {
  const answer = createClients(options);
  async function serveQuery({ id, query, replyTo }: SocketQueryMessage): Promise<void> {
    const text: SocketQueryAnswer = { id, ...(await answer(query)) };
    await options.valkey.signalsOut.publish(replyTo, JSON.stringify(text));
  }
  return [
    serveTopic(options, REQUESTS_TOPIC, async (text) => serveRequest(options, JSON.parse(text))),
    serveTopic(options, SIGNALS_TOPIC, async (text) => emitSignals(options, JSON.parse(text))),
    serveTopic(options, SOCKET_QUERIES_TOPIC, async (text) => serveQuery(JSON.parse(text))),
  ];
}

function serveTopic(
  { valkey: { hub: subscriber }, onError }: TopicOptions,
  topic: string,
  handle: (text: string) => Promise<void>,
) {
  function onMessage(name: string, text: string): void {
    if (name === topic) handle(text).catch(onError);
  }
  return {
    async start(): Promise<void> {
      subscriber.on('message', onMessage);
      await subscriber.subscribe(topic);
    },
    stop() {
      subscriber.off('message', onMessage);
      // Queries wait for the answers of all that are subscribed.
      if (subscriber.status === 'ready') subscriber.unsubscribe(topic).catch(onError);
    },
  };
}

/** Emits a request to the user's sockets here, and publishes the first response. */
async function serveRequest(
  { io, connections, valkey }: TopicOptions,
  { replyTo, timeoutMs, request, ...member }: RequestMessage,
): Promise<void> {
  const ids = [...(io.of('/').adapter.rooms.get(roomOfUser(member)) ?? [])];
  const requests = ids.map(async (id): Promise<ClientResponse> => {
    const socket = connections.get(id)?.socket.timeout(timeoutMs);
    return clientResponse.parse(await socket?.emitWithAck('request', request));
  });
  // Without an answer here another replica may have one, and the requester repeats the request.
  const answer = await Promise.any(requests).catch(() => undefined);
  if (!answer) return;
  const response: ResponseMessage = { id: request.id, answer };
  await valkey.signalsOut.publish(replyTo, JSON.stringify(response));
}

/** Emits signals of the system to the sockets in their channels. */
function emitSignals({ io }: TopicOptions, signals: readonly SystemSignal[]): void {
  for (const { tenantId, ...signal } of signals) {
    const room = io.local.to(roomOf(tenantId, signal.channel));
    room.emit('signal', { ...signal, from: SYSTEM_SENDER });
  }
}
