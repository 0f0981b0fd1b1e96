import type { Parts } from '@insightdesk/shared/boot';
import type { Context } from '@insightdesk/shared/context';
import { type ChannelEvent, Channels } from '@insightdesk/shared/contract';
import type { Logger } from '@insightdesk/shared/logging';
import {
  createChannelLog,
  createPresenceMembers,
  createPresenceRegistry,
} from '@insightdesk/shared/realtime';
import { newId } from '@insightdesk/shared/utils';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { channels } from './channels.ts';
import { createSocketServer, type SocketServerOptions } from './server.ts';

type Claims = Parameters<Parts['tokens']['signAccess']>[0];
interface Stage {
  parts: Parts;
  log: Logger;
  context: Context;
}
type Role = Parameters<Parts['connectValkey']>[1];

/** Nobody may listen to this one. */
export const forbidden = Channels.conversation(newId('cnv'));
export const history = { historyLength: 50_000, historySeconds: 60 };
/** The organisation of whoever names no other. */
export const tenantId = newId('org');
export const newChannel = () => Channels.conversation(newId('cnv'));

const anybody = { pattern: '', permission: 'channels:subscribe' } as const;
const known = (name: string) => channels.find(name);

type Closing = (() => unknown)[];

/** What a replica stands on, with short times. */
function openFlow(parts: Parts, closing: Closing) {
  function valkey(role: Role, name = 'test-socket') {
    const connection = parts.connectValkey('default', role, name);
    closing.push(() => connection.disconnect());
    return connection;
  }

  return {
    valkey,
    channelLog: () => createChannelLog(valkey('command'), history),
    presence: () => createPresenceRegistry(valkey('command'), { onError: () => {} }),
    presenceMembers: ({ graceMs = 2_000 } = {}) =>
      createPresenceMembers(valkey('command'), {
        ...history,
        leaseMs: 3_000,
        renewMs: 300,
        graceMs,
        sweepMs: 50,
        onError: () => {},
      }),
  };
}

/** How the official client connects; `events` keeps what arrives. */
function createConnect(closing: Closing) {
  return async (
    address: string,
    token: string,
    options: Partial<ManagerOptions & SocketOptions> = {},
  ) => {
    const socket = io(address, {
      forceNew: true,
      reconnection: false,
      auth: { token },
      ...options,
    });
    closing.push(() => socket.disconnect());
    const events: ChannelEvent[] = [];
    socket.on('event', (event: ChannelEvent) => events.push(event));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('connect_error', reject);
    });
    return { socket, events };
  };
}

/** What socket tests need, on real parts; close it after each test. */
export function createStage({ parts, log, context }: Stage) {
  const closing: Closing = [];
  const flow = openFlow(parts, closing);
  const { valkey, channelLog, presence, presenceMembers } = flow;

  async function close(): Promise<void> {
    for (const end of closing.splice(0).reverse()) await end();
  }

  /** A person of an organisation and a token for it. */
  async function person(claims: Partial<Claims> = {}) {
    const { userId = newId('usr'), sessionId = newId('ses'), role = 'agent' } = claims;
    const all: Claims = { userId, sessionId, role, tenantId: claims.tenantId ?? tenantId };
    return { ...all, token: (await parts.tokens.signAccess(all)).token };
  }

  /** One replica of the service in this process, on a port of its own. */
  async function startReplica(
    replica = 'websocket-1',
    overrides: Partial<SocketServerOptions> = {},
  ) {
    const hub = valkey('subscriber', 'hub');
    const authorized: string[] = [];
    const allow = async (name: string) => {
      authorized.push(name);
      await Bun.sleep(1);
      return name !== forbidden;
    };
    const server = createSocketServer({
      log,
      replica,
      tokens: parts.tokens,
      presence: presence(),
      channelLog: channelLog(),
      valkey: { hub, signalsOut: valkey('subscriber'), signalsIn: valkey('subscriber') },
      channels: {
        find: (name) => known(name) && { ...anybody, allow: () => allow(name) },
      },
      context: (caller) => ({ ...context, ...caller }),
      presenceMembers: presenceMembers(),
      sessionRecords: {
        require: () => Promise.resolve(),
        list: async (_tenantId, sessionIds) => new Map(sessionIds.map((id) => [id, 'agent'])),
      },
      fetch: () => new Response('elsewhere', { status: 404 }),
      readAddress: (peer) => peer ?? '',
      corsOrigins: ['https://desk.example'],
      origin: 'https://desk.example',
      maxChannelsPerSocket: 50,
      rateLimit: { perSecond: 100, burst: 200 },
      ...overrides,
    });
    const port = await server.listen(0, '127.0.0.1');
    closing.push(() => server.drain(0));
    return { server, url: `http://127.0.0.1:${port}`, hub, authorized };
  }

  return { ...flow, close, person, startReplica, connect: createConnect(closing) };
}

export const ask = (socket: Socket, name: string, payload?: unknown) =>
  socket.timeout(25_000).emitWithAck(name, payload);

export const entries = (channel: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({
    tenantId,
    channel,
    id: newId('evt'),
    type: 'message.created',
    data: { n },
    at: new Date().toISOString(),
  }));
