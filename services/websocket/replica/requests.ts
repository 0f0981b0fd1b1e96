import { type ClientAnswer, clientAnswer } from '@insightdesk/shared/contract';
import {
  type Answered,
  type Asked,
  type ChannelHubOptions,
  REQUESTS_TOPIC,
} from '@insightdesk/shared/realtime';
import type { Connection } from '../connection/connection.ts';
import type { SocketServerIo } from '../connection/typed-socket.ts';
import { roomOfUser } from './clients.ts';

type Valkey = ChannelHubOptions['subscriber'];

interface ServeOptions {
  io: SocketServerIo;
  connections: ReadonlyMap<string, Connection>;
  valkey: { hub: Valkey; signalsOut: Valkey };
  onError: (error: unknown) => void;
}

/** Puts what other processes ask to the sockets of this replica, and the first answer back. */
export function serveRequests({ io, connections, valkey, onError }: ServeOptions) {
  const { hub: subscriber, signalsOut: publisher } = valkey;
  async function ask({ replyTo, timeoutMs, request, ...who }: Asked): Promise<void> {
    const ids = [...(io.of('/').adapter.rooms.get(roomOfUser(who)) ?? [])];
    const asking = ids.map(async (id): Promise<ClientAnswer> => {
      const operator = connections.get(id)?.socket.timeout(timeoutMs);
      return clientAnswer.parse(await operator?.emitWithAck('request', request));
    });
    // Nobody here, or nobody who answers: another replica may, and whoever asks asks again.
    const answer = await Promise.any(asking).catch(() => undefined);
    if (!answer) return;
    const answered: Answered = { id: request.id, answer };
    await publisher.publish(replyTo, JSON.stringify(answered));
  }

  function onMessage(topic: string, text: string) {
    if (topic === REQUESTS_TOPIC) ask(JSON.parse(text) as Asked).catch(onError);
  }

  return {
    async start(): Promise<void> {
      subscriber.on('message', onMessage);
      await subscriber.subscribe(REQUESTS_TOPIC);
    },
    stop: () => void subscriber.off('message', onMessage),
  };
}
