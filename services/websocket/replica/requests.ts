import { type ClientResponse, clientResponse } from '@insightdesk/shared/contract';
import {
  type ChannelHubOptions,
  REQUESTS_TOPIC,
  type RequestMessage,
  type ResponseMessage,
} from '@insightdesk/shared/realtime';
import type { Connection } from '../connection/connection.ts';
import type { SocketServerIo } from '../connection/services.ts';
import { roomOfUser } from './clients.ts';

type Valkey = ChannelHubOptions['subscriber'];

interface ServeOptions {
  io: SocketServerIo;
  connections: ReadonlyMap<string, Connection>;
  valkey: { hub: Valkey; signalsOut: Valkey };
  onError: (error: unknown) => void;
}

/** Emits requests of other processes to the user's sockets here, and publishes the first response. */
export function serveRequests({ io, connections, valkey, onError }: ServeOptions) {
  const { hub: subscriber, signalsOut: publisher } = valkey;
  async function serve({ replyTo, timeoutMs, request, ...member }: RequestMessage): Promise<void> {
    const ids = [...(io.of('/').adapter.rooms.get(roomOfUser(member)) ?? [])];
    const requests = ids.map(async (id): Promise<ClientResponse> => {
      const socket = connections.get(id)?.socket.timeout(timeoutMs);
      return clientResponse.parse(await socket?.emitWithAck('request', request));
    });
    // Without an answer here another replica may have one, and the requester repeats the request.
    const answer = await Promise.any(requests).catch(() => undefined);
    if (!answer) return;
    const response: ResponseMessage = { id: request.id, answer };
    await publisher.publish(replyTo, JSON.stringify(response));
  }

  function onMessage(topic: string, text: string) {
    if (topic === REQUESTS_TOPIC) serve(JSON.parse(text) as RequestMessage).catch(onError);
  }

  return {
    async start(): Promise<void> {
      subscriber.on('message', onMessage);
      await subscriber.subscribe(REQUESTS_TOPIC);
    },
    stop: () => void subscriber.off('message', onMessage),
  };
}
