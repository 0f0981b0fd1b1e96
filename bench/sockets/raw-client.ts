import type { Socket } from 'bun';
import { createFrameWalker, textFrame } from './frames.ts';

/** URL, token and channel of a client. */
export interface Target {
  url: string;
  token: string;
  channel: string;
}

/** A minimal connection that detects events without parsing them. */
export interface RawClient {
  close(): void;
}

const TIMEOUT_MS = 60_000;
const EVENT = [...Buffer.from('42["ev')];
const PONG = textFrame('3');

/** Implements the parts of WebSocket, Engine.IO and Socket.IO that a subscription to one channel needs. */
export async function connectRawClient(
  { url, token, channel }: Target,
  onEvent: () => void,
): Promise<RawClient> {
  const { hostname, port } = new URL(url);
  const subscribed = Promise.withResolvers<void>();
  const steps = [
    { await: '"sid"', send: `40${JSON.stringify({ token })}` },
    { await: '40{"sid"', send: `420${JSON.stringify(['subscribe', { channel }])}` },
    { await: '430[{"ok":true' },
  ];
  const walk = createFrameWalker((_, start) => {
    if (start.length === 6 && EVENT.every((byte, i) => start[i] === byte)) onEvent();
    else if (start.length === 1 && start[0] === 0x32) socket.write(PONG);
  });
  let received = '';

  function handshake(connection: Socket, bytes: Uint8Array) {
    received += Buffer.from(bytes).toString('latin1');
    while (steps[0] && received.includes(steps[0].await)) {
      received = received.slice(received.indexOf(steps[0].await) + steps[0].await.length);
      const { send } = steps.shift() ?? {};
      if (send) connection.write(textFrame(send));
      else subscribed.resolve();
    }
    if (/HTTP\/1.1 [45]|44\{|430\[\{"ok":false/.test(received)) subscribed.reject(received);
  }

  const fail = (reason: unknown) => subscribed.reject(reason);
  const timer = setTimeout(
    () => fail(`Timed out waiting for the subscription: ${received}`),
    TIMEOUT_MS,
  );
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      open: (connection) => void connection.write(upgradeTo(hostname)),
      data(connection, bytes) {
        if (steps.length > 0) handshake(connection, bytes);
        else walk(bytes);
      },
      error: (_, error) => fail(error),
      close: () => fail('Connection closed'),
    },
  });
  await subscribed.promise.finally(() => clearTimeout(timer));
  return { close: () => socket.terminate() };
}

const upgradeTo = (host: string) =>
  [
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '\r\n',
  ].join('\r\n');
