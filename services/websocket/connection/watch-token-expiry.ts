import type { Connection } from './connection.ts';

const CHECK_INTERVAL_MS = 250;

/** Ends connections when their tokens expire; returns a function that stops it. */
export function watchTokenExpiry(connections: ReadonlyMap<string, Connection>): () => void {
  const timer = setInterval(() => {
    const nowMs = Date.now();
    for (const connection of connections.values()) connection.checkExpiry(nowMs);
  }, CHECK_INTERVAL_MS);
  return () => clearInterval(timer);
}
