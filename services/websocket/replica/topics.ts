import { type ClientResponse, clientResponse } from '@insightdesk/shared/contract';
import {
  type ChannelHubOptions,
  REQUESTS_TOPIC,
  type RequestMessage,
  type ResponseMessage,
  roomOf,
  SIGNALS_TOPIC,
  SYSTEM_SENDER,
  type SystemSignal,
} from '@insightdesk/shared/realtime';
import type { Connection } from '../connection/connection.ts';
import type { SocketServerIo } from '../connection/services.ts';
import { roomOfUser } from './clients.ts';

type Valkey = ChannelHubOptions['subscriber'];

interface TopicOptions {
  io: SocketServerIo;
  connections: ReadonlyMap<string, Connection>;
  valkey: { hub: Valkey; signalsOut: Valkey };
  onError: (error: unknown) => void;
}

/** Emits the requests and signals of other processes to the sockets of this replica. */
export const serveTopics = (options: TopicOptions) => [
  serveTopic(options, REQUESTS_TOPIC, async (text) => serveRequest(options, JSON.parse(text))),
  serveTopic(options, SIGNALS_TOPIC, async (text) => emitSignals(options, JSON.parse(text))),
];

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
    stop: () => void subscriber.off('message', onMessage),
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
