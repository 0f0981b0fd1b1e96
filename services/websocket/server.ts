import type { AddressInfo } from 'node:net';
import type { LoadState, ReadAddress } from '@insightdesk/shared/http';
import { withTimeout } from '@insightdesk/shared/promises';
import {
  type ChannelHubOptions,
  type ChannelLog,
  createChannelHub,
  type HubStats,
  type PresenceRegistry,
} from '@insightdesk/shared/realtime';
import { Histogram } from '@insightdesk/shared/utils';
import type { Connection } from './connection/connection.ts';
import { dispatchCalls } from './connection/dispatcher.ts';
import { registerConnection, watchTokenExpiry } from './connection/register-connection.ts';
import type { Services } from './connection/services.ts';
import { createTransport } from './connection/transport.ts';
import { type CallLimits, createUserLimits } from './connection/user-limits.ts';
import {
  type SlowConsumerLimits,
  slowConsumerLimits,
  watchSlowConsumers,
} from './connection/watch-slow-consumers.ts';
import { handlers } from './handlers.ts';
import { type ConnectionLimits, unlimitedConnections } from './handshake/connection-limits.ts';
import { createHandshake } from './handshake/handshake.ts';
import {
  limitUnauthenticated,
  type UnauthenticatedLimits,
} from './handshake/unauthenticated-connections.ts';
import { disconnectGradually, rejectNewConnections } from './replica/drain.ts';
import { createHttpServer, type Fetch } from './replica/http-server.ts';
import { createSignalAdapter } from './replica/signal-adapter.ts';
import { createThrottledErrorLog } from './replica/throttled-error-log.ts';
import { serveTopics } from './replica/topics.ts';
import { createAccessListener, createRevocationWatcher } from './sessions/revocation-watcher.ts';
import { createChannelQuota } from './subscriptions/channel-quota.ts';
import { createHubEmitter } from './subscriptions/hub-emitter.ts';

type Valkey = ChannelHubOptions['subscriber'];

interface Listener {
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface SocketServerOptions extends Omit<Services, 'hub' | 'channelQuota' | 'userLimits'> {
  channelLog: ChannelLog;
  presence: PresenceRegistry;
  /** Connections of role `subscriber`, one each; the caller closes them. */
  valkey: { hub: Valkey; signalsOut: Valkey; signalsIn: Valkey };
  /** LISTEN of PostgreSQL; without it revocations are found by comparing generations. */
  listen?: ((listener: ReturnType<typeof createAccessListener>) => Listener) | undefined;
  /** Answers every path except `/socket.io/`. */
  fetch: Fetch;
  readAddress: ReadAddress;
  /** For example `websocket-2`: session ids begin with `2.`, by which nginx finds the replica. */
  replica: string;
  corsOrigins: string[];
  /** The origin of the service's own pages. */
  origin: string;
  /** Calls are unlimited without it. */
  callLimits: CallLimits | undefined;
  /** Sockets are unlimited without it. */
  connectionLimits?: ConnectionLimits | undefined;
  /** Subscriptions of all sockets of an organization on this replica; unlimited without it. */
  maxChannelsPerOrganization?: number | undefined;
  slowConsumers?: SlowConsumerLimits;
  /** New connections are rejected while it is shedding. */
  load?: LoadState | undefined;
  /** Unauthenticated connections are unlimited without it. */
  unauthenticated?: UnauthenticatedLimits | undefined;
}

export interface SocketServer {
  /** Resolves with the port when sockets can connect; throws when Valkey stays unavailable. */
  listen(port: number, host: string): Promise<number>;
  /** Disconnects all sockets within `windowMs`, then closes everything; once. */
  drain(windowMs: number): Promise<void>;
  stats(): HubStats & Record<'channels' | 'sockets' | 'unauthenticated' | 'unchecked', number>;
  /** Rejected connections since the start, by reason. */
  rejections(): ReadonlyMap<string, number>;
  /** Seconds from an event's change until its delivery to the sockets of this replica. */
  readonly delays: Histogram;
}

const START_TIMEOUT_MS = 15_000;
const CLOSE_TIMEOUT_MS = 2_000;

/** Creates one replica of the socket service. */
export function createSocketServer(options: SocketServerOptions): SocketServer {
  const { valkey, presence, presenceMembers, connectionLimits = unlimitedConnections } = options;
  const onError = createThrottledErrorLog(options.log);
  const httpServer = createHttpServer(options.fetch);
  const { signalsOut: publisher, signalsIn: subscriber } = valkey;
  const adapter = createSignalAdapter({ publisher, subscriber, onError });
  const io = createTransport(httpServer, { ...options, adapter });
  const connections = new Map<string, Connection>();
  const delays = new Histogram({ overflowLabels: {} });
  const watcher = createRevocationWatcher({ sessions: options.sessions, onError });
  const hub = createChannelHub({
    subscriber: valkey.hub,
    log: options.channelLog,
    emit: createHubEmitter(io, connections, delays),
    onError,
  });
  const channelQuota = createChannelQuota(options.maxChannelsPerOrganization);
  const { callLimits } = options;
  const userLimits = callLimits && createUserLimits(callLimits);
  const services: Services = { ...options, hub, channelQuota, userLimits };
  const handshake = createHandshake({
    ...options,
    services,
    connectionLimits,
    watcher,
    origins: [options.origin, ...options.corsOrigins],
  });
  const accessListener = options.listen?.(createAccessListener(watcher));
  const topics = serveTopics({ io, connections, valkey, onError, channels: options.channels });
  const limits = options.slowConsumers ?? slowConsumerLimits;
  const watches = [watchTokenExpiry(connections), watchSlowConsumers(connections, limits)];
  let draining: Promise<void> | undefined;

  const isRejecting = () => draining !== undefined || options.load?.isShedding === true;
  io.engine.use(rejectNewConnections(isRejecting));
  const unauthenticated =
    options.unauthenticated &&
    limitUnauthenticated(io, options.readAddress, options.unauthenticated);
  acceptSockets(io, handshake, unauthenticated, (connection) => {
    dispatchCalls(connection, handlers, callLimits);
    registerConnection(connection, { connections, presence, onError });
  });

  async function stop(windowMs: number): Promise<void> {
    await disconnectGradually([...connections.values()], windowMs);
    await withTimeout(io.close(), CLOSE_TIMEOUT_MS).catch(onError);
    httpServer.closeAllConnections();
    for (const stopWatch of watches) stopWatch();
    watcher.close();
    await accessListener?.close().catch(onError);
    for (const topic of topics) topic.stop();
    const parts = [hub, presence, presenceMembers, connectionLimits];
    await Promise.all(parts.map((part) => part.close()));
  }

  return {
    async listen(port, host) {
      const first = [hub, ...topics, ...(accessListener ? [accessListener] : [])];
      await withTimeout(Promise.all(first.map((part) => part.start())), START_TIMEOUT_MS);
      presenceMembers.start();
      connectionLimits.start();
      await new Promise<void>((resolve, reject) => {
        httpServer.once('error', reject).listen(port, host, resolve);
      });
      return (httpServer.address() as AddressInfo).port;
    },
    drain(windowMs) {
      draining ??= stop(windowMs);
      return draining;
    },
    stats: () => ({
      ...hub.stats(),
      sockets: connections.size,
      unauthenticated: unauthenticated?.count() ?? 0,
      unchecked: connectionLimits.uncheckedCount(),
    }),
    rejections: () => handshake.rejections,
    delays,
  };
}

/** Runs the handshake of every socket, and passes accepted connections on. */
function acceptSockets(
  io: ReturnType<typeof createTransport>,
  handshake: ReturnType<typeof createHandshake>,
  unauthenticated: ReturnType<typeof limitUnauthenticated> | undefined,
  onConnection: (connection: Connection) => void,
): void {
  io.use((socket, next) => {
    unauthenticated?.onHandshake(socket.conn);
    handshake.run(socket, (rejection) => {
      if (rejection) unauthenticated?.onRejected(socket.conn);
      next(rejection);
    });
  });
  io.on('connection', (socket) => {
    unauthenticated?.onAccepted(socket.conn);
    const connection = handshake.find(socket);
    if (!connection) return socket.disconnect(true);
    onConnection(connection);
  });
}
