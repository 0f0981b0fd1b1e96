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
export type { ChannelListener } from './channel-subscription.ts';
export {
  type Client,
  type ClientOptions,
  type Conversation,
  createClient,
  type LoginResponse,
} from './create-client.ts';
export { ClientClosedError, NetworkError, ProblemError } from './errors.ts';
export type { MemberChange } from './member-list.ts';
export type { Operations, Problem } from './operations.ts';
export type { Presence, PresenceListener } from './presence.ts';
export type { PresenceUpdate } from './realtime.ts';
export { type RequestHandler, RequestRejectedError } from './request-handlers.ts';
export type { Fetch, RequestBody, RequestQuery, ResponseBody, RouteName } from './requests.ts';
export type { Attachment, ResumableUpload, ResumableUploadOptions } from './resumable-upload.ts';
export type { Message, NewMessage } from './send.ts';
export type { Subscription } from './subscriptions.ts';
export type { Tokens } from './tokens.ts';
export type { Wait } from './waiting.ts';
