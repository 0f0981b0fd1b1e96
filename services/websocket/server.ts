import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { withTimeout } from '@insightdesk/shared/promises';
import {
  type ChannelHubOptions,
  type ChannelLog,
  createChannelHub,
  type HubCounts,
  type PresenceRegistry,
} from '@insightdesk/shared/realtime';
import { Server } from 'socket.io';
import { createSignalAdapter } from './adapter.ts';
import { createChannelQuota } from './channel-quota.ts';
import { type Clients, createClients, roomOfUser } from './clients.ts';
import { corkFlushes } from './cork.ts';
import { disconnectGradually, refuseNewcomers } from './drain.ts';
import { guard } from './guard.ts';
import { handlers } from './handlers.ts';
import { createHandshake, type Entrant } from './handshake.ts';
import { createHttpServer, type Fetch } from './http-server.ts';
import { createLiveSessions } from './live-sessions.ts';
import { serveRequests } from './requests.ts';
import { createRooms } from './rooms.ts';
import { endlessSeats, type Seats } from './seats.ts';
import { type Services, Session, watchExpiries } from './session.ts';
import { type SlowConsumerLimits, slowConsumerLimits, watchConsumers } from './slow-consumers.ts';
import { serveSystemSignals } from './system-signals.ts';
import type { TokenBucketOptions } from './token-bucket.ts';
import { createTroubleLog } from './trouble.ts';
import type { ServerSocket, SocketServerIo } from './wire.ts';

type Valkey = ChannelHubOptions['subscriber'];

export interface SocketServerOptions extends Omit<Services, 'hub' | 'channelQuota'> {
  channelLog: ChannelLog;
  presence: PresenceRegistry;
  /** Connections of role `subscriber`, one each; whoever passes them closes them. */
  valkey: { hub: Valkey; signalsOut: Valkey; signalsIn: Valkey };
  /** Answers every path but `/socket.io/`. */
  fetch: Fetch;
  /** The client's address, from the peer's and `X-Forwarded-For`. */
  readAddress: (peer: string | undefined, forwardedFor: string | undefined) => string;
  /** Such as `websocket-2`: session ids begin with `2.`, by which nginx finds the replica. */
  replica: string;
  corsOrigins: string[];
  /** What one socket may emit; undefined means as much as it likes. */
  rateLimit: TokenBucketOptions | undefined;
  /** Without them there may be as many sockets as come. */
  seats?: Seats | undefined;
  /** What the sockets of one organisation may subscribe to here, all together; no limit unless said. */
  maxChannelsPerOrganization?: number | undefined;
  slowConsumers?: SlowConsumerLimits;
}

export interface SocketServer extends Clients {
  /** Resolves with the port when members may join; throws when Valkey stays away. */
  listen(port: number, host: string): Promise<number>;
  /** Sends the sockets elsewhere within `windowMs`, then closes everything; once. */
  drain(windowMs: number): Promise<void>;
  figures(): HubCounts & Record<'channels' | 'sockets' | 'unchecked', number>;
  /** How many connections were turned away since the start, by reason. */
  refusals(): ReadonlyMap<string, number>;
}

const COMPRESSED_FROM_BYTES = 8 * 1_024;
const START_TIMEOUT_MS = 15_000;
const CLOSE_TIMEOUT_MS = 2_000;

/** Builds one replica of the socket service. */
export function createSocketServer(options: SocketServerOptions): SocketServer {
  const { log, valkey, presence, presenceMembers, channelLog, seats = endlessSeats } = options;
  const onError = createTroubleLog(log);
  const httpServer = createHttpServer(options.fetch);
  const io: SocketServerIo = new Server(httpServer, {
    ...transportOptions,
    cors: { origin: options.corsOrigins },
    adapter: createSignalAdapter({
      publisher: valkey.signalsOut,
      subscriber: valkey.signalsIn,
      onError,
    }),
  });
  const prefix = /\d+$/.exec(options.replica)?.[0] ?? '0';
  io.engine.generateId = () => `${prefix}.${randomBytes(15).toString('base64url')}`;
  const sessions = new Map<string, Session>();
  const emit = createRooms(io, sessions);
  const liveSessions = createLiveSessions(options.sessionRecords, onError);
  const hub = createChannelHub({
    ...{ subscriber: valkey.hub, log: channelLog, emit, watch: liveSessions, onError },
  });
  const channelQuota = createChannelQuota(options.maxChannelsPerOrganization);
  const services: Services = { ...options, hub, channelQuota };
  const refusals = new Map<string, number>();
  const served = serveProcesses({ io, sessions, valkey, onError });
  const entrants = new WeakMap<ServerSocket, Entrant>();
  const limits = options.slowConsumers ?? slowConsumerLimits;
  const watches = [watchExpiries(sessions), watchConsumers(sessions, limits)];
  let draining: Promise<void> | undefined;

  corkFlushes(io);
  io.engine.use(refuseNewcomers(() => draining !== undefined));
  io.use(
    createHandshake({
      ...options,
      liveSessions,
      seats,
      onRefusal: (reason) => refusals.set(reason, (refusals.get(reason) ?? 0) + 1),
      ipOf({ handshake: { address, headers } }) {
        return options.readAddress(address, headers['x-forwarded-for']?.toString());
      },
      remember: (socket, entrant) => entrants.set(socket, entrant),
    }),
  );
  io.on('connection', (socket) => {
    const entrant = entrants.get(socket);
    if (!entrant) return socket.disconnect(true);
    const { access } = entrant;
    const session = new Session(socket, services, entrant);
    sessions.set(socket.id, session);
    socket.data.userId = access.userId;
    void socket.join(roomOfUser(access));
    guard(session, handlers, options.rateLimit);
    presence.connected(access.tenantId, access.userId).catch(onError);
    socket.on('disconnect', () => {
      sessions.delete(socket.id);
      liveSessions.delete(entrant);
      session.close();
      presence.disconnected(access.tenantId, access.userId).catch(onError);
      // What is left of the connection would hold its seat.
      socket.conn.close();
    });
    entrant.enter(session);
  });

  async function stop(windowMs: number): Promise<void> {
    await disconnectGradually([...sessions.values()], windowMs);
    await withTimeout(io.close(), CLOSE_TIMEOUT_MS).catch(onError);
    httpServer.closeAllConnections();
    for (const stopWatch of watches) stopWatch();
    liveSessions.close();
    for (const one of served) one.stop();
    await Promise.all([hub.close(), presence.close(), presenceMembers.close(), seats.close()]);
  }

  return {
    async listen(port, host) {
      await withTimeout(Promise.all([hub, ...served].map((one) => one.start())), START_TIMEOUT_MS);
      presenceMembers.start();
      seats.start();
      await new Promise<void>((resolve, reject) => {
        httpServer.once('error', reject).listen(port, host, resolve);
      });
      return (httpServer.address() as AddressInfo).port;
    },
    drain(windowMs) {
      draining ??= stop(windowMs);
      return draining;
    },
    ...createClients(io, options.channels),
    figures: () => ({ ...hub.counts(), sockets: sessions.size, unchecked: seats.unchecked() }),
    refusals: () => refusals,
  };
}

/** What other processes have to say to our sockets. */
const serveProcesses = (doors: Parameters<typeof serveRequests>[0]) => [
  serveRequests(doors),
  serveSystemSignals(doors),
];

const transportOptions = {
  path: '/socket.io/',
  serveClient: false,
  transports: ['polling' as const, 'websocket' as const],
  // Whoever opens a connection and asks for nothing holds it for so long.
  connectTimeout: 10_000,
  pingInterval: 20_000,
  pingTimeout: 15_000,
  maxHttpBufferSize: 64 * 1_024,
  // Below the threshold, compression costs more time than it saves on the wire. It counts only where
  // no context is kept between messages; one would also cost 230 kB per connection.
  perMessageDeflate: {
    threshold: COMPRESSED_FROM_BYTES,
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
  },
  httpCompression: { threshold: COMPRESSED_FROM_BYTES },
};
