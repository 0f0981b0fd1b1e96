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
      disconnect(connection, closeTimeoutMs);
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

function disconnect(connection: Connection, closeTimeoutMs: number) {
  const { conn } = connection.socket;
  if (conn.readyState !== 'open') return;
  connection.subscriptions.leaveAll('disconnected');
  // The pending events are in the log, too. Without them the closing message arrives sooner.
  (conn as unknown as EngineSocket).writeBuffer.length = 0;
  connection.socket.emit('closing', { code: 'TOO_SLOW', detail: 'Subscribe again and resume' });
  conn.close();
  setTimeout(() => {
    const transportSocket = (conn as unknown as EngineSocket).transport.socket;
    conn.close(true);
    // Engine.IO leaves the TCP connection open when nobody answers the close.
    transportSocket?.terminate?.();
  }, closeTimeoutMs);
}

/** The parts of Engine.IO's socket that it declares private, or leaves to the transport. */
interface EngineSocket {
  writeBuffer: { data?: { length: number } }[];
  transport: { socket?: { bufferedAmount?: number; terminate?(): void } };
}
