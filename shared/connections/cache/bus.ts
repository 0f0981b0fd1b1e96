import type { Valkey } from '@insightdesk/shared/valkey';

interface BusOptions {
  subscriber: Valkey;
  channel: string;
  /** Its own stores are no news to a process; its drops are, for reads that were under way. */
  id: string;
  onDropped: (keys: string[]) => void;
  /** Messages may have been missed. */
  onGap: () => void;
  onError: (error: unknown) => void;
}

/** Hears from all processes which values are no longer true. */
export function listenToBus(options: BusOptions): void {
  const { subscriber, channel, id, onDropped, onGap, onError } = options;
  subscriber.on('message', (_channel: string, text: string) => {
    const { from, keys } = JSON.parse(text) as { from?: string; keys: string[] };
    if (from !== id) onDropped(keys);
  });
  // Asked again although it renews itself: only its answer tells that the gap is over.
  const listen = () => subscriber.subscribe(channel).then(onGap, onError);
  if (subscriber.status === 'ready') void listen();
  subscriber.on('ready', () => void listen());
}
