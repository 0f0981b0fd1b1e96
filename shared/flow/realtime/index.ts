export {
  type ChannelHub,
  type ChannelHubOptions,
  createChannelHub,
  type HubWatch,
} from './channel-hub.ts';
export {
  type Appended,
  type ChannelEntry,
  type ChannelLog,
  createChannelLog,
  heldBytes,
} from './channel-log.ts';
export { type ChannelRefill, createChannelRefill, type PlacedEntry } from './channel-rebuild.ts';
export type { HubCounts, HubEmit } from './channel-room.ts';
export {
  countOpenSockets,
  LISTENS,
  socketCountsOf,
  socketReplicas,
  socketsOf,
  socketTopicOf,
} from './open-sockets.ts';
export {
  createPresenceMembers,
  type PresenceMembers,
  type PresenceState,
  type SocketOfUser,
} from './presence-members.ts';
export { createPresenceRegistry, type PresenceRegistry } from './presence-registry.ts';
export { type Answered, type Asked, createRequests, REQUESTS_TOPIC, type Requests } from './requests.ts';
export { channelOf, type Room, roomOf } from './room.ts';
export { SIGNALS_TOPIC, SYSTEM, type SystemSignal, sendSignals } from './signals.ts';
