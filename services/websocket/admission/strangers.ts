import type { IncomingMessage, ServerResponse } from 'node:http';
import { socketLimits } from '@insightdesk/shared/contract';
import { network, type ReadAddress } from '@insightdesk/shared/http';
import type { Server } from 'socket.io';
import type { ServerSocket } from '../connection/typed-socket.ts';

type Line = ServerSocket['conn'];

export interface StrangerLimits {
  /** Of one address on this replica. */
  most: number;
  /** How long a connection may be silent about who it is. */
  patienceMs: number;
}

/** Connections of whom nobody knows yet who they are. */
export interface Strangers {
  /** It has said who it is, which takes as long as it takes us to look. */
  asks(conn: Line): void;
  /** It may stay, and counts as a stranger no more. */
  welcome(conn: Line): void;
  /** It may not; its patience begins anew, some times. */
  refused(conn: Line): void;
  count(): number;
}

export const strangerLimits: StrangerLimits = {
  most: socketLimits.strangersPerAddress,
  patienceMs: socketLimits.strangerMs,
};

interface Stranger {
  address: string;
  timer: Timer | undefined;
  refusals: number;
}

/** Whoever asks again and again over one connection has to open another, which is counted. */
const MOST_REFUSALS = 5;

/** Bounds how many connections of an address say nothing of themselves, and for how long. */
export function watchStrangers(
  io: Pick<Server, 'engine'>,
  readAddress: ReadAddress,
  { most, patienceMs }: StrangerLimits,
): Strangers {
  const strangers = new Map<Line, Stranger>();
  const counts = new Map<string, number>();

  function addressOf({ socket, headers }: IncomingMessage): string {
    const header = (name: string) => headers[name.toLowerCase()]?.toString();
    return network(readAddress(socket.remoteAddress, header));
  }

  // Engine.IO would wait half a minute for a goodbye to be fetched, or answered.
  function expel(conn: Line): void {
    const { socket } = conn.transport as { socket?: { terminate?(): void } };
    conn.close(true);
    socket?.terminate?.();
  }
  const wait = (conn: Line) => setTimeout(() => expel(conn), patienceMs);

  function forget(conn: Line): void {
    const stranger = strangers.get(conn);
    if (!stranger) return;
    clearTimeout(stranger.timer);
    strangers.delete(conn);
    const rest = (counts.get(stranger.address) ?? 0) - 1;
    if (rest > 0) counts.set(stranger.address, rest);
    else counts.delete(stranger.address);
  }

  io.engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const isKnown = new URL(request.url ?? '/', 'http://service').searchParams.has('sid');
    if (isKnown || (counts.get(addressOf(request)) ?? 0) < most) return next();
    response.writeHead(429, { 'Retry-After': '1', Connection: 'close' });
    response.end();
  });
  io.engine.on('connection', (conn: Line) => {
    const address = addressOf(conn.request);
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    strangers.set(conn, { address, timer: wait(conn), refusals: 0 });
    conn.once('close', () => forget(conn));
    // Several may have come at once, between the question and the answer above.
    if (count > most) expel(conn);
  });

  return {
    asks: (conn) => clearTimeout(strangers.get(conn)?.timer),
    welcome: forget,
    refused(conn) {
      const stranger = strangers.get(conn);
      if (!stranger) return;
      clearTimeout(stranger.timer);
      if (++stranger.refusals === MOST_REFUSALS) expel(conn);
      else stranger.timer = wait(conn);
    },
    count: () => strangers.size,
  };
}
