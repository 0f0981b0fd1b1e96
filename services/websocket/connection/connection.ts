import {
  type CallContext,
  type Connections,
  type Context,
  toActor,
} from '@insightdesk/shared/context';
import type { EndCode } from '@insightdesk/shared/contract';
import type { RateLimits } from '@insightdesk/shared/http';
import type { Logger } from '@insightdesk/shared/logging';
import {
  type ChannelHub,
  type PresenceMembers,
  type Room,
  roomOf,
} from '@insightdesk/shared/realtime';
import type { Holder } from '../sessions/revocation-watcher.ts';
import type { SessionRecords } from '../sessions/session-verifier.ts';
import type { ChannelQuota } from '../subscriptions/channel-quota.ts';
import type { ChannelTable } from '../subscriptions/define-channels.ts';
import { Subscriptions } from '../subscriptions/subscriptions.ts';
import type { ServerSocket } from './socket-types.ts';

/** Who holds a socket, as the access token says. */
export type Access = Awaited<ReturnType<Connections['security']['tokens']['verifyAccess']>>;

/** What handlers work with. */
export interface Services {
  log: Logger;
  tokens: Pick<Connections['security']['tokens'], 'verifyAccess'>;
  /** Which channels there are and who may listen to them. */
  channels: ChannelTable;
  context(call: CallContext): Context;
  sessionRecords: SessionRecords;
  hub: ChannelHub;
  presenceMembers: PresenceMembers;
  maxChannelsPerSocket: number;
  channelQuota: ChannelQuota;
  /** Without them a person may send any number of signals. */
  signalLimits?: RateLimits | undefined;
}

const CONCURRENT_AUTHORISATIONS = 8;
const WARNING_MS = 60_000;

const endings: Record<EndCode, string> = {
  TOKEN_EXPIRED: 'The access token has expired',
  SESSION_ENDED: 'This session has ended; sign in again',
  ACCESS_CHANGED: 'What you may do has changed; refresh your token and connect again',
};

/**
 * One socket, from when its token was read until it is gone. A class, and without timers: there are
 * thousands, and most are idle.
 */
export class Connection implements Holder {
  readonly socket: ServerSocket;
  readonly services: Services;
  readonly ip: string;
  readonly subscriptions: Subscriptions;
  #access: Access;
  #isOpen = false;
  #due: EndCode | undefined;
  #isWarned = false;
  #doubts = 0;
  #authorising = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(socket: ServerSocket, services: Services, holder: { access: Access; ip: string }) {
    this.socket = socket;
    this.services = services;
    this.ip = holder.ip;
    this.#access = holder.access;
    this.subscriptions = new Subscriptions(this);
  }

  get access(): Access {
    return this.#access;
  }

  /** Grows whenever something may have happened to its session or role. */
  get doubts(): number {
    return this.#doubts;
  }

  doubt(): void {
    this.#doubts++;
  }

  /** It was let in; ended at once when that was due meanwhile. */
  open(): void {
    this.#isOpen = true;
    if (this.#due) this.end(this.#due);
  }

  /** At most a few authorisations of one socket are under way at a time; the others wait in order. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#authorising < CONCURRENT_AUTHORISATIONS) this.#authorising++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#authorising--;
    }
  }

  /** Takes a newer token's word; the socket is closed when that expires. */
  renew(newer: Access): void {
    this.#access = newer;
    this.#isWarned = false;
  }

  /** Warns a minute before the token expires, and ends the connection when it does. */
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
    this.#due = code;
    if (!this.#isOpen) return;
    if (code === 'SESSION_ENDED') this.subscriptions.leaveAll('left');
    this.socket.emit('closing', { code, detail: endings[code] });
    this.socket.disconnect(true);
  }

  /** The channel's room in the holder's organisation, which a socket never changes. */
  roomFor(channel: string): Room {
    return roomOf(this.#access.tenantId, channel);
  }
}

/** The connection's holder as actions want to know them. */
export function callContext({ access, ip, socket }: Connection, requestId: string): CallContext {
  const { tenantId } = access;
  const userAgent = socket.handshake.headers['user-agent'];
  return {
    actor: toActor(access),
    tenantId,
    requestId,
    ip,
    ...(userAgent !== undefined && { userAgent }),
  };
}
