import type { CallContext, Connections, Context } from '@insightdesk/shared/context';
import type { ServerEvents } from '@insightdesk/shared/contract';
import type { RateLimits } from '@insightdesk/shared/http';
import type { Logger } from '@insightdesk/shared/logging';
import type { ChannelHub, PresenceMembers } from '@insightdesk/shared/realtime';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';
import type { SessionVerifier } from '../sessions/session-verifier.ts';
import type { ChannelQuota } from '../subscriptions/channel-quota.ts';
import type { ChannelTable } from '../subscriptions/define-channels.ts';
import type { UserLimits } from './user-limits.ts';

/** What socket handlers work with. */
export interface Services {
  log: Logger;
  tokens: Pick<Connections['security']['tokens'], 'verifyAccess'>;
  channels: ChannelTable;
  context(call: CallContext): Context;
  sessions: SessionVerifier;
  hub: ChannelHub;
  presenceMembers: PresenceMembers;
  maxChannelsPerSocket: number;
  channelQuota: ChannelQuota;
  /** Calls are unlimited without it. */
  userLimits?: UserLimits | undefined;
  /** Signals are unlimited without it. */
  signalLimits?: RateLimits | undefined;
}

type Untyped = DefaultEventsMap;
export type SocketServerIo = Server<Untyped, ServerEvents>;
export type ServerSocket = Socket<Untyped, ServerEvents>;
