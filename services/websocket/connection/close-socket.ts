import type { Connection } from './connection.ts';

/** How long the closing message may take before the transport is terminated. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Closes a socket whose client should reconnect and resume, also when it does not read. */
export function closeSocket(
  connection: Connection,
  reason: { code: 'TOO_SLOW' | 'TOO_MANY_REQUESTS'; detail: string },
  timeoutMs = CLOSE_TIMEOUT_MS,
): void {
  const conn = connection.socket.conn as unknown as EngineSocket;
  if (conn.readyState !== 'open') return;
  connection.subscriptions.leaveAll('disconnected');
  // The pending events are in the log, too. Without them the closing message arrives sooner.
  conn.writeBuffer.length = 0;
  connection.socket.emit('closing', reason);
  conn.close();
  setTimeout(() => {
    const { socket } = conn.transport;
    conn.close(true);
    // Engine.IO leaves the TCP connection open when nobody answers the close.
    socket?.terminate?.();
  }, timeoutMs);
}

/** The parts of Engine.IO's socket that it declares private, or leaves to the transport. */
export interface EngineSocket {
  readonly readyState: string;
  writeBuffer: { data?: { length: number } }[];
  transport: { socket?: { bufferedAmount?: number; terminate?(): void } };
  close(isImmediate?: boolean): void;
}
