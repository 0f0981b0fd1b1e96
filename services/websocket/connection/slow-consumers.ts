import type { Connection } from './connection.ts';

export interface SlowConsumerLimits {
  /** More than this may wait for a socket only for a while: a client that resumes gets much at once. */
  softBytes: number;
  softMs: number;
  /** More than this may not wait at all. */
  hardBytes: number;
  checkMs: number;
  /** How long the last words may take to get through before the line is cut. */
  farewellMs: number;
}

export const slowConsumerLimits: SlowConsumerLimits = {
  softBytes: 1_000_000,
  softMs: 10_000,
  hardBytes: 2_000_000,
  checkMs: 250,
  farewellMs: 2_000,
};

const PACKET_BYTES = 100;

/**
 * Closes sockets that read slower than they are written to, so that they resume from the log
 * instead of filling the memory. Returns how to stop.
 */
export function watchConsumers(
  connections: ReadonlyMap<string, Connection>,
  { softBytes, softMs, hardBytes, checkMs, farewellMs }: SlowConsumerLimits,
): () => void {
  const slowSinceMs = new WeakMap<Connection, number>();

  function check(connection: Connection, nowMs: number) {
    const waiting = waitingBytes(connection, hardBytes);
    if (waiting <= softBytes) return void slowSinceMs.delete(connection);
    const sinceMs = slowSinceMs.get(connection) ?? nowMs;
    slowSinceMs.set(connection, sinceMs);
    if (waiting > hardBytes || nowMs - sinceMs >= softMs) cutOff(connection, farewellMs);
  }

  const timer = setInterval(() => {
    const nowMs = performance.now();
    for (const connection of connections.values()) check(connection, nowMs);
  }, checkMs);
  return () => clearInterval(timer);
}

/** What waits for the socket here and in its transport, counted up to a little over `limit`. */
function waitingBytes({ socket }: Connection, limit: number): number {
  const { writeBuffer, transport } = socket.conn as unknown as Line;
  let bytes = transport.socket?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) {
    bytes += PACKET_BYTES + (data?.length ?? 0);
    if (bytes > limit) break;
  }
  return bytes;
}

function cutOff(connection: Connection, farewellMs: number) {
  const { conn } = connection.socket;
  if (conn.readyState !== 'open') return;
  connection.subscriptions.leaveAll('lost');
  // What waits here is in the log, too; without it the last words come sooner, and memory is free.
  (conn as unknown as Line).writeBuffer.length = 0;
  connection.socket.emit('closing', { code: 'TOO_SLOW', detail: 'Subscribe again and resume' });
  conn.close();
  setTimeout(() => {
    const line = (conn as unknown as Line).transport.socket;
    conn.close(true);
    // Also when Engine.IO is done with it: a close that nobody answers leaves the line open.
    line?.terminate?.();
  }, farewellMs);
}

/** The parts of Engine.IO's socket that it declares private, or leaves to the transport. */
interface Line {
  writeBuffer: { data?: { length: number } }[];
  transport: { socket?: { bufferedAmount?: number; terminate?(): void } };
}
