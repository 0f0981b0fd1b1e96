import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface RawWebSocketOptions {
  /** Certificate authority of an https:// URL. */
  ca?: string;
  /** Value of `Sec-WebSocket-Extensions`. */
  extensions?: string;
}

/**
 * A WebSocket to Socket.IO without a client library, for tests of bytes, stalls and silent clients.
 * `upgraded` resolves to whether the server accepted it.
 */
export function openRawWebSocket(address: string, { ca, extensions }: RawWebSocketOptions = {}) {
  const { hostname, host, port, protocol } = new URL(address);
  const target = { host: '127.0.0.1', port: Number(port) };
  const socket =
    protocol === 'https:'
      ? connectTls({ ...target, servername: hostname, ...(ca && { ca }) })
      : connectTcp(target);
  const upgraded = Promise.withResolvers<boolean>();
  const closed = Promise.withResolvers<void>();
  let received = '';
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1');
    if (received.includes('\r\n')) upgraded.resolve(/^HTTP\/1.1 101 /.test(received));
  });
  socket.on('error', () => {});
  socket.once('close', () => {
    upgraded.resolve(false);
    closed.resolve();
  });
  socket.write(
    [
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
      `Host: ${host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
      '\r\n',
    ].join('\r\n'),
  );
  return {
    upgraded: upgraded.promise,
    closed: closed.promise,
    /** All received bytes as latin1. */
    received: () => received,
    send: (text: string) => void socket.write(maskedFrame(text)),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy: () => void socket.destroy(),
  };
}

/** A text frame with a 16-bit length and a mask of zeros, which leaves the text as it is. */
function maskedFrame(text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeUInt8(0x81, 0);
  head.writeUInt8(0x80 | 126, 1);
  head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}
