import type { ChannelHubOptions } from '@insightdesk/shared/realtime';
import { createAdapter } from '@socket.io/redis-adapter';

type Valkey = ChannelHubOptions['subscriber'];

/** Connections of the adapter's own: signals never wait behind durable events. */
export interface AdapterConnections {
  publisher: Valkey;
  subscriber: Valkey;
  onError: (error: unknown) => void;
}

/**
 * Carries signals between replicas. The adapter looks at none of its promises, so a rejection would
 * end the process; and a signal is worth nothing later, so without Valkey it stays on this replica.
 */
export function createSignalAdapter({ publisher, subscriber, onError }: AdapterConnections) {
  const { publish } = publisher;
  const ephemeral = (...args: Parameters<Valkey['publish']>) =>
    publisher.status === 'ready' ? publish.apply(publisher, args) : Promise.resolve(0);
  Object.assign(publisher, { publish: quietly(ephemeral, onError) });
  for (const name of ['subscribe', 'psubscribe', 'unsubscribe', 'punsubscribe'] as const) {
    const original = subscriber[name] as (...args: unknown[]) => Promise<unknown>;
    const command = (...args: unknown[]) => original.apply(subscriber, args);
    Object.assign(subscriber, { [name]: quietly(command, onError) });
  }
  return createAdapter(publisher, subscriber);
}

function quietly<A extends unknown[]>(
  command: (...args: A) => Promise<unknown>,
  onError: (error: unknown) => void,
) {
  return (...args: A) => command(...args).catch(onError);
}
