import type { ChannelHubOptions } from '@insightdesk/shared/realtime';
import { createAdapter } from '@socket.io/redis-adapter';

type Valkey = ChannelHubOptions['subscriber'];

/** The adapter has its own connections: signals never wait behind durable events. */
interface AdapterConnections {
  publisher: Valkey;
  subscriber: Valkey;
  onError: (error: unknown) => void;
}

/**
 * Carries signals between replicas. The adapter handles none of its promises, so a rejection would
 * end the process. A signal is worthless later: without Valkey it stays on this replica.
 */
export function createSignalAdapter({ publisher, subscriber, onError }: AdapterConnections) {
  const { publish } = publisher;
  const ephemeral = (...args: Parameters<Valkey['publish']>) =>
    publisher.status === 'ready' ? publish.apply(publisher, args) : Promise.resolve(0);
  Object.assign(publisher, { publish: catchingErrors(ephemeral, onError) });
  for (const name of ['subscribe', 'psubscribe', 'unsubscribe', 'punsubscribe'] as const) {
    const original = subscriber[name] as (...args: unknown[]) => Promise<unknown>;
    const command = (...args: unknown[]) => original.apply(subscriber, args);
    Object.assign(subscriber, { [name]: catchingErrors(command, onError) });
  }
  return createAdapter(publisher, subscriber);
}

function catchingErrors<A extends unknown[]>(
  command: (...args: A) => Promise<unknown>,
  onError: (error: unknown) => void,
) {
  return (...args: A) => command(...args).catch(onError);
}
