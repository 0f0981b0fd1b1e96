import { closeSocket, type EngineSocket } from './close-socket.ts';
import type { Connection } from './connection.ts';

export interface SlowConsumerLimits {
  /** A socket may have more than this pending for a while: a client that resumes gets much at once. */
  softBytes: number;
  softMs: number;
  /** A socket may never have more than this pending. */
  hardBytes: number;
  checkIntervalMs: number;
  /** How long the closing message may take before the transport is terminated. */
  closeTimeoutMs: number;
}

export const slowConsumerLimits: SlowConsumerLimits = {
  softBytes: 1_000_000,
  softMs: 10_000,
  hardBytes: 2_000_000,
  checkIntervalMs: 250,
  closeTimeoutMs: 2_000,
};

const PACKET_OVERHEAD_BYTES = 100;
const reason = { code: 'TOO_SLOW', detail: 'Subscribe again and resume' } as const;

/**
 * Closes sockets that read slower than they are written to: they resume from the log instead of
 * filling the memory. Returns a function that stops it.
 */
export function watchSlowConsumers(
  connections: ReadonlyMap<string, Connection>,
  { softBytes, softMs, hardBytes, checkIntervalMs, closeTimeoutMs }: SlowConsumerLimits,
): () => void {
  const slowSinceMs = new WeakMap<Connection, number>();

  function check(connection: Connection, nowMs: number) {
    const pendingBytes = countPendingBytes(connection, hardBytes);
    if (pendingBytes <= softBytes) return void slowSinceMs.delete(connection);
    const sinceMs = slowSinceMs.get(connection) ?? nowMs;
    slowSinceMs.set(connection, sinceMs);
    if (pendingBytes > hardBytes || nowMs - sinceMs >= softMs)
      closeSocket(connection, reason, closeTimeoutMs);
  }

  const timer = setInterval(() => {
    const nowMs = performance.now();
    for (const connection of connections.values()) check(connection, nowMs);
  }, checkIntervalMs);
  return () => clearInterval(timer);
}

/** The bytes that wait for the socket here and in its transport; stops counting above `limit`. */
function countPendingBytes({ socket }: Connection, limit: number): number {
  const { writeBuffer, transport } = socket.conn as unknown as EngineSocket;
  let bytes = transport.socket?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) {
    bytes += PACKET_OVERHEAD_BYTES + (data?.length ?? 0);
    if (bytes > limit) break;
  }
  return bytes;
}
