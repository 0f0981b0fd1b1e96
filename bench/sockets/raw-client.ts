import type { Socket } from 'bun';
import { createFrameWalker, textFrame } from './frames.ts';

/** Where to connect, as whom, and what to subscribe to. */
export interface Target {
  url: string;
  token: string;
  channel: string;
}

/** A connection that counts events and does as little else as it can. */
export interface RawClient {
  /** Stops reading for good. */
  stick(): void;
  close(): void;
}

export interface RawClientEvents {
  event(): void;
  closed(): void;
}

const TIMEOUT_MS = 60_000;
const EVENT = [...Buffer.from('42["ev')];
const PONG = textFrame('3');

/** Speaks just enough of WebSocket, Engine.IO and Socket.IO to be subscribed to one channel. */
export async function connectRawClient(
  { url, token, channel }: Target,
  on: RawClientEvents,
): Promise<RawClient> {
  const { hostname, port } = new URL(url);
  const subscribed = Promise.withResolvers<void>();
  const steps = [
    { await: '"sid"', send: `40${JSON.stringify({ token })}` },
    { await: '40{"sid"', send: `420${JSON.stringify(['subscribe', { channel }])}` },
    { await: '430[{"ok":true' },
  ];
  const walk = createFrameWalker((_, start) => {
    if (start.length === 6 && EVENT.every((byte, i) => start[i] === byte)) on.event();
    else if (start.length === 1 && start[0] === 0x32) socket.write(PONG);
  });
  let greeting = '';

  function greet(connection: Socket, bytes: Uint8Array) {
    greeting += Buffer.from(bytes).toString('latin1');
    while (steps[0] && greeting.includes(steps[0].await)) {
      greeting = greeting.slice(greeting.indexOf(steps[0].await) + steps[0].await.length);
      const { send } = steps.shift() ?? {};
      if (send) connection.write(textFrame(send));
      else subscribed.resolve();
    }
    if (/HTTP\/1.1 [45]|44\{|430\[\{"ok":false/.test(greeting)) subscribed.reject(greeting);
  }

  const fail = (reason: unknown) => subscribed.reject(reason);
  const timer = setTimeout(() => fail(`Not subscribed in time: ${greeting}`), TIMEOUT_MS);
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      open: (connection) => void connection.write(upgradeTo(hostname)),
      data(connection, bytes) {
        if (steps.length > 0) greet(connection, bytes);
        else walk(bytes);
      },
      error: (_, error) => fail(error),
      close() {
        fail('closed');
        on.closed();
      },
    },
  });
  await subscribed.promise.finally(() => clearTimeout(timer));
  return { stick: () => socket.pause(), close: () => socket.terminate() };
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
