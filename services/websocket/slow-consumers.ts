import type { Session } from './session.ts';

export interface SlowConsumerLimits {
  /** More than this may wait for a socket only for a while: a client that resumes gets much at once. */
  softBytes: number;
  softMs: number;
  /** More than this may not wait at all. */
  hardBytes: number;
  checkMs: number;
}

export const slowConsumerLimits: SlowConsumerLimits = {
  softBytes: 1_000_000,
  softMs: 10_000,
  hardBytes: 2_000_000,
  checkMs: 250,
};

/** How long the last words may take to get through before the line is cut. */
const FAREWELL_MS = 2_000;
const PACKET_BYTES = 100;

/**
 * Closes sockets that read slower than they are written to, so that they resume from the log
 * instead of filling the memory. Returns how to stop.
 */
export function watchConsumers(
  sessions: ReadonlyMap<string, Session>,
  { softBytes, softMs, hardBytes, checkMs }: SlowConsumerLimits,
): () => void {
  const slowSinceMs = new WeakMap<Session, number>();

  function check(session: Session, nowMs: number) {
    const waiting = waitingBytes(session, hardBytes);
    if (waiting <= softBytes) return void slowSinceMs.delete(session);
    const sinceMs = slowSinceMs.get(session) ?? nowMs;
    slowSinceMs.set(session, sinceMs);
    if (waiting > hardBytes || nowMs - sinceMs >= softMs) cutOff(session);
  }

  const timer = setInterval(() => {
    const nowMs = performance.now();
    for (const session of sessions.values()) check(session, nowMs);
  }, checkMs);
  return () => clearInterval(timer);
}

/** What waits for the socket here and in its transport, counted up to a little over `limit`. */
function waitingBytes({ socket }: Session, limit: number): number {
  const { writeBuffer, transport } = socket.conn as unknown as Connection;
  let bytes = transport.socket?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) {
    bytes += PACKET_BYTES + (data?.length ?? 0);
    if (bytes > limit) break;
  }
  return bytes;
}

function cutOff(session: Session) {
  const { conn } = session.socket;
  if (conn.readyState !== 'open') return;
  session.close();
  // What waits here is in the log, too; without it the last words come sooner, and memory is free.
  (conn as unknown as Connection).writeBuffer.length = 0;
  session.socket.emit('closing', { code: 'TOO_SLOW', detail: 'Subscribe again and resume' });
  conn.close();
  setTimeout(() => {
    const line = (conn as unknown as Connection).transport.socket;
    conn.close(true);
    // Also when Engine.IO is done with it: a close that nobody answers leaves the line open.
    line?.terminate?.();
  }, FAREWELL_MS);
}

/** The parts of Engine.IO's socket that it declares private, or leaves to the transport. */
interface Connection {
  writeBuffer: { data?: { length: number } }[];
  transport: { socket?: { bufferedAmount?: number; terminate?(): void } };
}
