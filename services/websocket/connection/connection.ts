import { type CallContext, toActor } from '@insightdesk/shared/context';
import type { EndCode } from '@insightdesk/shared/contract';
import { type Room, roomOf } from '@insightdesk/shared/realtime';
import type { Access, AccessHolder } from '../sessions/access.ts';
import { type SubscriptionOwner, Subscriptions } from '../subscriptions/subscriptions.ts';
import type { ServerSocket, Services } from './services.ts';

const MAX_CONCURRENT_AUTHORIZATIONS = 8;
const EXPIRY_WARNING_MS = 60_000;

const endDetails: Record<EndCode, string> = {
  TOKEN_EXPIRED: 'The access token has expired',
  SESSION_ENDED: 'This session has ended; sign in again',
  ACCESS_CHANGED: 'Your permissions have changed; refresh your token and connect again',
};

/**
 * One socket, from the verification of its token until it is closed. A class without timers, because
 * a replica has thousands of them and most are idle.
 */
export class Connection implements AccessHolder, SubscriptionOwner {
  readonly socket: ServerSocket;
  readonly services: Services;
  readonly ip: string;
  readonly subscriptions: Subscriptions;
  requiredGeneration = 0;
  #access: Access;
  #generation: number | undefined;
  #isOpen = false;
  #pendingEnd: EndCode | undefined;
  #isExpiryWarned = false;
  #authorizing = 0;
  readonly #authorizationQueue: (() => void)[] = [];

  constructor(socket: ServerSocket, services: Services, client: { access: Access; ip: string }) {
    this.socket = socket;
    this.services = services;
    this.ip = client.ip;
    this.#access = client.access;
    this.subscriptions = new Subscriptions(this);
  }

  get access(): Access {
    return this.#access;
  }

  get generation(): number | undefined {
    return this.#generation;
  }

  confirm(generation: number): void {
    this.#generation = generation;
  }

  /** The handshake is complete; ends the connection at once when that became due meanwhile. */
  open(): void {
    this.#isOpen = true;
    if (this.#pendingEnd) this.end(this.#pendingEnd);
  }

  /** Limits the concurrent authorizations of this socket; the others wait in order. */
  async withAuthorizationSlot<T>(work: () => Promise<T>): Promise<T> {
    if (this.#authorizing < MAX_CONCURRENT_AUTHORIZATIONS) this.#authorizing++;
    else await new Promise<void>((resolve) => this.#authorizationQueue.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#authorizationQueue.shift();
      if (next) next();
      else this.#authorizing--;
    }
  }

  /** Replaces the token; the socket is closed when the new one expires. */
  renew(access: Access, generation: number): void {
    this.#access = access;
    this.#generation = generation;
    this.#isExpiryWarned = false;
  }

  /** Warns a minute before the token expires, and ends the connection when it does. */
  checkExpiry(nowMs: number): void {
    const { expiresAt } = this.#access;
    if (nowMs >= expiresAt) {
      this.end('TOKEN_EXPIRED');
    } else if (!this.#isExpiryWarned && nowMs >= expiresAt - EXPIRY_WARNING_MS) {
      this.#isExpiryWarned = true;
      this.socket.emit('expiring', { expiresAt: new Date(expiresAt).toISOString() });
    }
  }

  /** Sends the reason and closes the socket; Socket.IO clients do not reconnect after that. */
  end(code: EndCode): void {
    this.#pendingEnd = code;
    if (!this.#isOpen) return;
    if (code === 'SESSION_ENDED') this.subscriptions.leaveAll('left');
    this.socket.emit('closing', { code, detail: endDetails[code] });
    this.socket.disconnect(true);
  }

  /** The room of a channel in the organization of the socket, which never changes. */
  roomFor(channel: string): Room {
    return roomOf(this.#access.tenantId, channel);
  }
}

/** The context in which actions run for a connection. */
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
