import type { Connection } from './connection.ts';

const SWEEP_MS = 250;

/** Ends connections whose tokens expire. Returns how to stop. */
export function watchExpiries(connections: ReadonlyMap<string, Connection>): () => void {
  const timer = setInterval(() => {
    const nowMs = Date.now();
    for (const connection of connections.values()) connection.checkExpiry(nowMs);
  }, SWEEP_MS);
  return () => clearInterval(timer);
}
