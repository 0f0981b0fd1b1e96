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
export { Channels, type IdsIn, matchChannel } from './channels.ts';
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
export { type SocketInput, type SocketRequest, socketInputs } from './socket-inputs.ts';
export {
  type ChannelEvent,
  type ClientAnswer,
  type ClientRequest,
  Events,
  type Position,
  type PresenceChange,
  type PresentMember,
  type Signal,
  type Snapshot,
} from './wire.ts';
