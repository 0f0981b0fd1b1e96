import { connect } from 'node:net';
import { until } from '@insightdesk/shared/testing';

/** A client that speaks just enough Socket.IO to subscribe, and stops reading when paused. */
export async function connectStuckClient(
  address: string,
  token: string,
  channel: string,
  { extensions = 'none' } = {},
) {
  const { port, host } = new URL(address);
  const socket = connect({ port: Number(port), host: '127.0.0.1' });
  let received = '';
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));

  const has = (text: string) => received.includes(text);
  socket.write(
    [
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
      `Host: ${host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `Sec-WebSocket-Extensions: ${extensions}`,
      '\r\n',
    ].join('\r\n'),
  );
  await until(() => has('"sid"'));
  socket.write(frame(`40${JSON.stringify({ token })}`));
  await until(() => has('40{"sid"'));
  socket.write(frame(`420${JSON.stringify(['subscribe', { channel }])}`));
  await until(() => has('430[{"ok":true'));
  return {
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    closed,
    received: () => received,
    destroy: () => socket.destroy(),
  };
}

/** A masked text frame; the mask of zeros leaves the text as it is. */
function frame(text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeUInt8(0x81, 0);
  head.writeUInt8(0x80 | 126, 1);
  head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}
