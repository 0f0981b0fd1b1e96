export {
  Channels,
  type ClientRequest,
  type EventData,
  Events,
  type Id,
  isId,
  type KnownEvent as ChannelEvent,
  matchChannel,
  type Position,
  type PresenceChange,
  type PresentMember,
  type Role,
  roles,
  type Signal,
  type SignalData,
  staffRoles,
} from '../shared/contract/shapes.ts';
export { RefusalError, type RequestHandler } from './answers.ts';
export {
  type Attachment,
  type Client,
  type ClientOptions,
  type Conversation,
  createClient,
  type Message,
  type SignedIn,
} from './create-client.ts';
export { ClosedError, ProblemError, UnreachableError } from './errors.ts';
export type { ChannelListener } from './follower.ts';
export type { Subscription } from './following.ts';
export type { OwnPresence } from './live.ts';
export type { MemberChange } from './member-list.ts';
export type { Operations, Problem } from './operations.ts';
export type { Presence, PresenceListener } from './presence.ts';
export type { Answer, Body, Fetch, Query, RouteName } from './requests.ts';
export type { Draft } from './send.ts';
export type { Tokens } from './tokens.ts';
