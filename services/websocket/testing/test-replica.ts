import { afterAll, afterEach } from 'bun:test';
import type { AppContainer } from '@insightdesk/shared/boot';
import type { Context } from '@insightdesk/shared/context';
import { type ChannelEvent, Channels, socketLimits } from '@insightdesk/shared/contract';
import {
  createChannelLog,
  createPresenceMembers,
  createPresenceRegistry,
  createSockets,
} from '@insightdesk/shared/realtime';
import { createTestContext } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { channels } from '../channels.ts';
import { createSocketServer, type SocketServerOptions } from '../server.ts';

type Claims = Parameters<AppContainer['tokens']['signAccess']>[0];
type Role = Parameters<AppContainer['connectValkey']>[1];

/** A channel that no user may subscribe to. */
export const forbiddenChannel = Channels.conversation(newId('cnv'));
export const history = { historyLength: 50_000, historySeconds: 60 };
/** The organization of users that name no other. */
export const tenantId = newId('org');
export const newChannel = () => Channels.conversation(newId('cnv'));

const anyone = { pattern: '', permission: 'channels:subscribe' } as const;

type Closing = (() => unknown)[];

/** The realtime parts of a replica, with short times. */
function createRealtimeParts(parts: AppContainer, closing: Closing) {
  function valkey(role: Role, name = 'test-socket') {
    const connection = parts.connectValkey('default', role, name);
    closing.push(() => connection.disconnect());
    return connection;
  }

  return {
    valkey,
    channelLog: () => createChannelLog(valkey('command'), history),
    openSockets: () =>
      createSockets({ publisher: valkey('command'), connect: () => valkey('subscriber') }),
    presence: () => createPresenceRegistry(valkey('command'), { onError: () => {} }),
    presenceMembers: ({ graceMs = 500, leaseMs = 3_000 } = {}) =>
      createPresenceMembers(valkey('command'), {
        ...history,
        leaseMs,
        renewMs: 300,
        graceMs,
        expiryCheckMs: 50,
        onError: () => {},
      }),
  };
}

/** Connects the official client; `events` collects what it receives. */
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

/** Connects members, and records why their sockets are closed. */
function createVisits(context: Context, connect: ReturnType<typeof createConnect>) {
  async function tokenOf({ actor, tenantId }: Context): Promise<string> {
    if (actor.kind !== 'user' || !tenantId) throw new Error('The context has no user');
    return (await context.security.tokens.signAccess({ ...actor, tenantId })).token;
  }

  async function visitWith(url: string, token: string) {
    const { socket } = await connect(url, token);
    const reasons: string[] = [];
    socket.on('closing', ({ code }) => reasons.push(code));
    socket.on('disconnect', (reason) => reasons.push(reason));
    return { socket, reasons };
  }

  const visit = async (url: string, member: Context) => visitWith(url, await tokenOf(member));
  return { tokenOf, visitWith, visit };
}

/** Replicas and clients on real servers, for a test file; each test closes those that it opened. */
export function createTestReplicas() {
  const testContext = createTestContext();
  const { container, log, context } = testContext;
  const closing: Closing = [];
  const realtime = createRealtimeParts(container, closing);
  const { valkey, channelLog, presence, presenceMembers } = realtime;
  const connect = createConnect(closing);

  afterEach(async () => {
    for (const end of closing.splice(0).reverse()) await end();
  });
  afterAll(testContext.close);

  /** A user of an organization with a token. */
  async function newUser(claims: Partial<Claims> = {}) {
    const { userId = newId('usr'), sessionId = newId('ses'), role = 'agent' } = claims;
    const all: Claims = { userId, sessionId, role, tenantId: claims.tenantId ?? tenantId };
    return { ...all, token: (await container.tokens.signAccess(all)).token };
  }

  /** Starts one replica of the service in this process, on a port of its own. */
  async function startReplica(
    replica = 'websocket-1',
    overrides: Partial<SocketServerOptions> = {},
  ) {
    const hub = valkey('subscriber', 'hub');
    const authorized: string[] = [];
    const allow = async (name: string) => {
      authorized.push(name);
      await Bun.sleep(1);
      return name !== forbiddenChannel;
    };
    const server = createSocketServer({
      log,
      replica,
      tokens: container.tokens,
      presence: presence(),
      channelLog: channelLog(),
      valkey: { hub, signalsOut: valkey('subscriber'), signalsIn: valkey('subscriber') },
      channels: {
        find: (name) => channels.find(name) && { ...anyone, allow: () => allow(name) },
      },
      context: (caller) => ({ ...context, ...caller }),
      presenceMembers: presenceMembers(),
      sessions: {
        verify: () => Promise.resolve(0),
        generationsOf: async (tenantIds) => new Map(tenantIds.map((id) => [id, 0])),
      },
      fetch: () => new Response('elsewhere', { status: 404 }),
      readAddress: (peer) => peer ?? '',
      corsOrigins: ['https://desk.example'],
      origin: 'https://desk.example',
      maxChannelsPerSocket: 50,
      callLimits: socketLimits,
      ...overrides,
    });
    const port = await server.listen(0, '127.0.0.1');
    closing.push(() => server.drain(0));
    return { server, url: `http://127.0.0.1:${port}`, hub, authorized };
  }

  const visits = createVisits(context, connect);
  const { tokens } = container;
  return { context, tokens, ...realtime, ...visits, newUser, startReplica, connect };
}

/** Emits an event and resolves with its acknowledgement. */
export const call = (socket: Socket, name: string, payload?: unknown) =>
  socket.timeout(25_000).emitWithAck(name, payload);

export const newEntries = (channel: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({
    tenantId,
    channel,
    id: newId('evt'),
    type: 'message.created',
    data: { n },
    at: new Date().toISOString(),
  }));
