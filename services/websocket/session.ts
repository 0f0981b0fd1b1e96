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

const CONCURRENT_AUTHORISATIONS = 8;
const WARNING_MS = 60_000;
const SWEEP_MS = 250;

const endings: Record<EndCode, string> = {
  TOKEN_EXPIRED: 'The access token has expired',
  SESSION_ENDED: 'This session has ended; sign in again',
  ACCESS_CHANGED: 'What you may do has changed; refresh your token and connect again',
};

/** The state of one socket. A class, and without timers: there are thousands, and most are idle. */
export class Session {
  readonly socket: ServerSocket;
  readonly services: Services;
  readonly ip: string;
  readonly subscriptions = new Map<string, Subscription>();
  /** What the holder says of itself in presence channels. */
  presence: PresenceState = { status: 'online', metadata: null, setAtMs: 0 };
  #access: Access;
  #isWarned = false;
  #limiter: Limiter | undefined;
  #waiting = 0;

  constructor(socket: ServerSocket, services: Services, first: { access: Access; ip: string }) {
    this.socket = socket;
    this.services = services;
    this.ip = first.ip;
    this.#access = first.access;
  }

  get access(): Access {
    return this.#access;
  }

  /** At most a few authorisations of one socket are under way at a time. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#limiter ??= limitConcurrency(CONCURRENT_AUTHORISATIONS);
    this.#waiting++;
    try {
      return await this.#limiter(work);
    } finally {
      if (--this.#waiting === 0) this.#limiter = undefined;
    }
  }

  /** Takes a newer token's word; the socket is closed when that expires. */
  renew(newer: Access): void {
    this.#access = newer;
    this.#isWarned = false;
  }

  /** Warns a minute before the token expires, and ends the session when it does. */
  checkExpiry(nowMs: number): void {
    const { expiresAt } = this.#access;
    if (nowMs >= expiresAt) {
      this.end('TOKEN_EXPIRED');
    } else if (!this.#isWarned && nowMs >= expiresAt - WARNING_MS) {
      this.#isWarned = true;
      this.socket.emit('expiring', { expiresAt: new Date(expiresAt).toISOString() });
    }
  }

  /** Tells why and closes the socket; its client does not come back by itself. */
  end(code: EndCode): void {
    if (code === 'SESSION_ENDED') this.#leaveAll('left');
    this.socket.emit('closing', { code, detail: endings[code] });
    this.socket.disconnect(true);
  }

  /** The channel's room in the holder's organisation, which a socket never changes. */
  roomFor(channel: string): Room {
    return roomOf(this.#access.tenantId, channel);
  }

  /** Nothing more is heard of the channel here, though the subscription may go on. */
  leaveRoom(channel: string): void {
    const room = this.roomFor(channel);
    void this.socket.leave(room);
    this.services.hub.leave(room, this.socket.id);
  }

  /** Ends one subscription, or what there is of it; `lost` when the client may come back to it. */
  leave(channel: string, how: 'left' | 'lost' = 'left'): void {
    if (this.subscriptions.get(channel)?.isJoined) vanish(this, channel, how);
    if (this.subscriptions.delete(channel)) this.services.channelQuota.give(this.access.tenantId);
    this.leaveRoom(channel);
  }

  /** Ends everything; for after the socket is gone. */
  close(): void {
    this.#leaveAll('lost');
  }

  #leaveAll(how: 'left' | 'lost'): void {
    for (const channel of [...this.subscriptions.keys()]) this.leave(channel, how);
  }
}

type Limiter = ReturnType<typeof limitConcurrency>;

/** Ends sessions whose tokens expire. Returns how to stop. */
export function watchExpiries(sessions: ReadonlyMap<string, Session>): () => void {
  const timer = setInterval(() => {
    const nowMs = Date.now();
    for (const session of sessions.values()) session.checkExpiry(nowMs);
  }, SWEEP_MS);
  return () => clearInterval(timer);
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
