import type { AddressInfo } from 'node:net';
import type { Load, ReadAddress } from '@insightdesk/shared/http';
import { withTimeout } from '@insightdesk/shared/promises';
import {
  type ChannelHubOptions,
  type ChannelLog,
  createChannelHub,
  type HubCounts,
  type PresenceRegistry,
} from '@insightdesk/shared/realtime';
import { Durations } from '@insightdesk/shared/utils';
import { accessNotices } from './admission/access-notices.ts';
import { createHandshake } from './admission/handshake.ts';
import { createLiveSessions } from './admission/live-sessions.ts';
import { endlessSeats, type Seats } from './admission/seats.ts';
import { type StrangerLimits, watchStrangers } from './admission/strangers.ts';
import type { Connection, Services } from './connection/connection.ts';
import { enter } from './connection/enter.ts';
import { watchExpiries } from './connection/expiries.ts';
import { guard } from './connection/guard.ts';
import {
  type SlowConsumerLimits,
  slowConsumerLimits,
  watchConsumers,
} from './connection/slow-consumers.ts';
import type { TokenBucketOptions } from './connection/token-bucket.ts';
import { createTransport } from './connection/transport.ts';
import { handlers } from './handlers.ts';
import { type Clients, createClients } from './replica/clients.ts';
import { disconnectGradually, refuseNewcomers } from './replica/drain.ts';
import { createHttpServer, type Fetch } from './replica/http-server.ts';
import { serveRequests } from './replica/requests.ts';
import { createSignalAdapter } from './replica/signal-adapter.ts';
import { serveSystemSignals } from './replica/system-signals.ts';
import { createTroubleLog } from './replica/trouble-log.ts';
import { createChannelQuota } from './subscriptions/channel-quota.ts';
import { createHubEmit } from './subscriptions/hub-emit.ts';

type Valkey = ChannelHubOptions['subscriber'];

interface Listener {
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface SocketServerOptions extends Omit<Services, 'hub' | 'channelQuota'> {
  channelLog: ChannelLog;
  presence: PresenceRegistry;
  /** Connections of role `subscriber`, one each; whoever passes them closes them. */
  valkey: { hub: Valkey; signalsOut: Valkey; signalsIn: Valkey };
  /** Where the database tells by itself who may do less; without it the channels tell alone. */
  listen?: ((what: ReturnType<typeof accessNotices>) => Listener) | undefined;
  /** Answers every path but `/socket.io/`. */
  fetch: Fetch;
  /** The client's address, from the peer's and the headers. */
  readAddress: ReadAddress;
  /** Such as `websocket-2`: session ids begin with `2.`, by which nginx finds the replica. */
  replica: string;
  corsOrigins: string[];
  /** Where our own pages come from. */
  origin: string;
  /** What one socket may emit; undefined means as much as it likes. */
  rateLimit: TokenBucketOptions | undefined;
  /** Without them there may be as many sockets as come. */
  seats?: Seats | undefined;
  /** What the sockets of one organisation may subscribe to here, all together; no limit unless said. */
  maxChannelsPerOrganization?: number | undefined;
  slowConsumers?: SlowConsumerLimits;
  /** While it is too high newcomers are sent to another replica, or away. */
  load?: Load | undefined;
  /** Without them anybody may hold any number of connections before saying who it is. */
  strangers?: StrangerLimits | undefined;
}

export interface SocketServer extends Clients {
  /** Resolves with the port when members may join; throws when Valkey stays away. */
  listen(port: number, host: string): Promise<number>;
  /** Sends the sockets elsewhere within `windowMs`, then closes everything; once. */
  drain(windowMs: number): Promise<void>;
  figures(): HubCounts & Record<'channels' | 'sockets' | 'strangers' | 'unchecked', number>;
  /** How many connections were turned away since the start, by reason. */
  refusals(): ReadonlyMap<string, number>;
  /** From what events tell of to the sockets of this replica. */
  readonly delays: Durations;
}

const START_TIMEOUT_MS = 15_000;
const CLOSE_TIMEOUT_MS = 2_000;

/** Builds one replica of the socket service. */
export function createSocketServer(options: SocketServerOptions): SocketServer {
  const { valkey, presence, presenceMembers, seats = endlessSeats } = options;
  const onError = createTroubleLog(options.log);
  const httpServer = createHttpServer(options.fetch);
  const { signalsOut: publisher, signalsIn: subscriber } = valkey;
  const adapter = createSignalAdapter({ publisher, subscriber, onError });
  const io = createTransport(httpServer, { ...options, adapter });
  const connections = new Map<string, Connection>();
  const delays = new Durations({ rest: {} });
  const liveSessions = createLiveSessions(options.sessionRecords, onError);
  const hub = createChannelHub({
    subscriber: valkey.hub,
    log: options.channelLog,
    emit: createHubEmit(io, connections, delays),
    watch: liveSessions,
    onError,
  });
  const channelQuota = createChannelQuota(options.maxChannelsPerOrganization);
  const services: Services = { ...options, hub, channelQuota };
  const handshake = createHandshake({
    ...options,
    services,
    seats,
    liveSessions,
    origins: [options.origin, ...options.corsOrigins],
  });
  const access = options.listen?.(accessNotices(liveSessions));
  const doors = { io, connections, valkey, onError };
  const served = [serveRequests(doors), serveSystemSignals(doors)];
  const limits = options.slowConsumers ?? slowConsumerLimits;
  const watches = [watchExpiries(connections), watchConsumers(connections, limits)];
  let draining: Promise<void> | undefined;

  io.engine.use(refuseNewcomers(() => draining !== undefined || options.load?.isShedding === true));
  const strangers = options.strangers && watchStrangers(io, options.readAddress, options.strangers);
  letIn(io, handshake, strangers, (connection) => {
    guard(connection, handlers, options.rateLimit);
    enter(connection, { connections, presence, liveSessions, onError });
  });

  async function stop(windowMs: number): Promise<void> {
    await disconnectGradually([...connections.values()], windowMs);
    await withTimeout(io.close(), CLOSE_TIMEOUT_MS).catch(onError);
    httpServer.closeAllConnections();
    for (const stopWatch of watches) stopWatch();
    liveSessions.close();
    await access?.close().catch(onError);
    for (const one of served) one.stop();
    await Promise.all([hub.close(), presence.close(), presenceMembers.close(), seats.close()]);
  }

  return {
    async listen(port, host) {
      const first = [hub, ...served, ...(access ? [access] : [])];
      await withTimeout(Promise.all(first.map((one) => one.start())), START_TIMEOUT_MS);
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
    figures: () => ({
      ...hub.counts(),
      sockets: connections.size,
      strangers: strangers?.count() ?? 0,
      unchecked: seats.unchecked(),
    }),
    refusals: () => handshake.refusals,
    delays,
  };
}

/** Each socket that says who it is, and only those. */
function letIn(
  io: ReturnType<typeof createTransport>,
  handshake: ReturnType<typeof createHandshake>,
  strangers: ReturnType<typeof watchStrangers> | undefined,
  welcome: (connection: Connection) => void,
): void {
  io.use((socket, next) => {
    strangers?.asks(socket.conn);
    handshake.welcome(socket, (refusal) => {
      if (refusal) strangers?.refused(socket.conn);
      next(refusal);
    });
  });
  io.on('connection', (socket) => {
    strangers?.welcome(socket.conn);
    const connection = handshake.find(socket);
    if (!connection) return socket.disconnect(true);
    welcome(connection);
  });
}
