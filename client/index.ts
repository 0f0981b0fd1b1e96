export { Channels, matchChannel } from '../shared/realtime/channels.ts';
export {
  type ChannelEvent,
  Events,
  type Position,
  type Signal,
} from '../shared/realtime/wire.ts';
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
export type { Subscription } from './live.ts';
export type { Operations, Problem } from './operations.ts';
export type { Answer, Body, Fetch, Query, RouteName } from './requests.ts';
export type { Draft } from './send.ts';
export type { Tokens } from './tokens.ts';
