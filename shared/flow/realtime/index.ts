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
  type History,
  type LogPage,
} from './channel-log.ts';
export { type ChannelRefill, createChannelRefill, type PlacedEntry } from './channel-refill.ts';
export {
  type Allow,
  type ChannelTable,
  defineChannels,
  type KnownChannel,
} from './channel-table.ts';
export type { Admit, HubCounts, HubEmit } from './hub-channel.ts';
export {
  createPresenceMembers,
  type PresenceMembers,
  type PresenceMembersOptions,
  type PresenceState,
  type SocketOfUser,
} from './presence-members.ts';
export {
  createPresenceRegistry,
  type PresenceRegistry,
  type PresenceRegistryOptions,
} from './presence-registry.ts';
export {
  type Answered,
  type Asked,
  createRequests,
  type Question,
  REQUESTS_TOPIC,
  type RequestOptions,
  type Requests,
  type RequestsOptions,
} from './requests.ts';
export { channelOf, type Room, roomOf } from './room.ts';
export { SIGNALS_TOPIC, SYSTEM, type SystemSignal, sendSignals } from './signals.ts';
