export { type ChannelHub, type ChannelHubOptions, createChannelHub } from './channel-hub.ts';
export {
  type AppendResult,
  type ChannelEntry,
  type ChannelLog,
  createChannelLog,
} from './channel-log.ts';
export {
  type ChannelRebuild,
  createChannelRebuild,
  type PositionedEntry,
} from './channel-rebuild.ts';
export type { HubEmitter, HubStats } from './channel-room.ts';
export { createTotalLimit, listLogBytes, readLogUsage } from './log-usage.ts';
export {
  countOpenSockets,
  livenessTopic,
  organizationField,
  SOCKET_REPLICAS_KEY,
  SUBSCRIBED_LEASE,
  socketCountsKey,
} from './open-sockets.ts';
export {
  createPresenceMembers,
  type LeaveReason,
  type PresenceMembers,
  type PresenceState,
  type SocketOfUser,
} from './presence-members.ts';
export { createPresenceRegistry, type PresenceRegistry } from './presence-registry.ts';
export { purgeTenant } from './purge-tenant.ts';
export {
  createRequests,
  REQUESTS_TOPIC,
  type RequestMessage,
  type Requests,
  type ResponseMessage,
} from './requests.ts';
export { channelOf, type Room, roomOf } from './room.ts';
export { publishSignals, SIGNALS_TOPIC, SYSTEM_SENDER, type SystemSignal } from './signals.ts';
export {
  createSockets,
  type OpenSocket,
  type PresenceUpdate,
  SOCKET_QUERIES_TOPIC,
  type SocketOwner,
  type SocketQuery,
  type SocketQueryAnswer,
  type SocketQueryMessage,
  type Sockets,
} from './socket-queries.ts';
