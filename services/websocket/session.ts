import type { Caller } from '@insightdesk/shared/boot';
import type { Connections, Context } from '@insightdesk/shared/context';
import type { Logger } from '@insightdesk/shared/logging';
import { limitConcurrency } from '@insightdesk/shared/promises';
import {
  type ChannelHub,
  type ChannelTable,
  type PresenceMembers,
  type PresenceState,
  type Room,
  roomOf,
} from '@insightdesk/shared/realtime';
import type { ChannelQuota } from './channel-quota.ts';
import type { SessionRecords } from './live-sessions.ts';
import { vanish } from './presence.ts';
import type { EndCode, ServerSocket } from './wire.ts';

/** Who holds a socket, as the access token says. */
export type Access = Awaited<ReturnType<Connections['tokens']['verifyAccess']>>;

/** What handlers work with. */
export interface Services {
  log: Logger;
  tokens: Pick<Connections['tokens'], 'verifyAccess'>;
  /** Which channels there are and who may listen to them. */
  channels: ChannelTable;
  context(caller: Caller): Context;
  sessionRecords: SessionRecords;
  hub: ChannelHub;
  presenceMembers: PresenceMembers;
  maxChannelsPerSocket: number;
  channelQuota: ChannelQuota;
}

/** A channel that a socket is in, or about to be. */
export interface Subscription {
  isJoined: boolean;
}

/** The state of one socket. */
export interface Session {
  readonly socket: ServerSocket;
  readonly services: Services;
  readonly ip: string;
  readonly subscriptions: Map<string, Subscription>;
  /** At most a few authorisations of one socket are under way at a time. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  readonly access: Access;
  /** Takes a newer token's word; the socket is closed when that expires. */
  renew(access: Access): void;
  /** Tells why and closes the socket; its client does not come back by itself. */
  end(code: EndCode): void;
  /** What the holder says of itself in presence channels. */
  presence: PresenceState;
  /** The channel's room in the holder's organisation, which a socket never changes. */
  roomFor(channel: string): Room;
  /** Nothing more is heard of the channel here, though the subscription may go on. */
  leaveRoom(channel: string): void;
  /** Ends one subscription, or what there is of it; `lost` when the client may come back to it. */
  leave(channel: string, how?: 'left' | 'lost'): void;
  /** Ends everything; for after the socket is gone. */
  close(): void;
}

const CONCURRENT_AUTHORISATIONS = 8;
const WARNING_MS = 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const endings: Record<EndCode, string> = {
  TOKEN_EXPIRED: 'The access token has expired',
  SESSION_ENDED: 'This session has ended; sign in again',
  ACCESS_CHANGED: 'What you may do has changed; refresh your token and connect again',
};

/** Opens the session of a socket that has just connected. */
export function createSession(
  socket: ServerSocket,
  services: Services,
  first: { access: Access; ip: string },
): Session {
  const subscriptions = new Map<string, Subscription>();
  let access = first.access;
  let warning: Timer | undefined;
  let expiry: Timer | undefined;

  function renew(newer: Access) {
    access = newer;
    clearTimeout(warning);
    clearTimeout(expiry);
    const { expiresAt } = newer;
    const remainingMs = expiresAt - Date.now();
    if (remainingMs > LONGEST_TIMER_MS) return;
    const warn = () => socket.emit('expiring', { expiresAt: new Date(expiresAt).toISOString() });
    warning = setTimeout(warn, Math.max(0, remainingMs - WARNING_MS));
    expiry = setTimeout(() => end('TOKEN_EXPIRED'), remainingMs);
  }

  // Closed by the server means that the client does not reconnect by itself: its token is of no use.
  function end(code: EndCode) {
    if (code === 'SESSION_ENDED') for (const channel of [...subscriptions.keys()]) leave(channel);
    socket.emit('closing', { code, detail: endings[code] });
    socket.disconnect(true);
  }

  function roomFor(channel: string): Room {
    return roomOf(first.access.tenantId, channel);
  }

  function leaveRoom(channel: string) {
    const room = roomFor(channel);
    void socket.leave(room);
    services.hub.leave(room, socket.id);
  }

  function leave(channel: string, how: 'left' | 'lost' = 'left') {
    if (subscriptions.get(channel)?.isJoined) vanish(session, channel, how);
    if (subscriptions.delete(channel)) services.channelQuota.give(access.tenantId);
    leaveRoom(channel);
  }

  const session: Session = {
    socket,
    services,
    subscriptions,
    ip: first.ip,
    presence: { status: 'online', metadata: null, setAtMs: 0 },
    inTurn: limitConcurrency(CONCURRENT_AUTHORISATIONS),
    get access() {
      return access;
    },
    renew,
    end,
    roomFor,
    leaveRoom,
    leave,
    close() {
      clearTimeout(warning);
      clearTimeout(expiry);
      for (const channel of [...subscriptions.keys()]) leave(channel, 'lost');
    },
  };
  renew(access);
  return session;
}

/** The session's holder as actions want to know them. */
export function callerOf(
  { access, ip, socket }: Pick<Session, 'access' | 'ip' | 'socket'>,
  requestId: string,
): Caller {
  const { userId, role, sessionId, tenantId } = access;
  const userAgent = socket.handshake.headers['user-agent'];
  return {
    actor: { kind: 'user', userId, role, sessionId },
    tenantId,
    requestId,
    ip,
    ...(userAgent !== undefined && { userAgent }),
  };
}
