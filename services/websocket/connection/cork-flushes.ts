import type { Server } from 'socket.io';

/** Bun's own socket below Engine.IO's; it can collect writes and send them by one system call. */
interface NativeSocket {
  cork(write: () => void): void;
}

interface Transport {
  name: string;
  socket?: object;
  send(packets: unknown[]): void;
}

/**
 * Sends the packets that Engine.IO flushes together by one system call instead of one each, which
 * is most of the cost of a burst. Does nothing where Bun's socket is not found.
 */
export function corkFlushes(io: Pick<Server, 'engine'>): void {
  io.engine.on(
    'connection',
    (conn: {
      transport: Transport;
      on(name: 'upgrade', listener: (transport: Transport) => void): void;
    }) => {
      corkTransport(conn.transport);
      conn.on('upgrade', corkTransport);
    },
  );
}

function corkTransport(transport: Transport): void {
  const native = nativeOf(transport);
  if (!native) return;
  const send = transport.send.bind(transport);
  transport.send = (packets) => {
    if (packets.length === 1) send(packets);
    else native.cork(() => send(packets));
  };
}

function nativeOf({ name, socket }: Transport): NativeSocket | undefined {
  if (name !== 'websocket' || !socket) return undefined;
  const symbol = Object.getOwnPropertySymbols(socket).find((s) => s.description === 'kNative');
  const native = symbol && (socket as Record<symbol, Partial<NativeSocket> | null>)[symbol];
  return typeof native?.cork === 'function' ? (native as NativeSocket) : undefined;
}
