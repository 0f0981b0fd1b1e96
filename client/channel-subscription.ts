import type {
  ChannelEvent,
  KnownEvent,
  Position,
  Signal,
  Snapshot,
  SocketInputs,
} from '../shared/contract/shapes.ts';
import { ChannelCursor } from './channel-cursor.ts';
import { isTransient, ProblemError } from './errors.ts';
import type { Problem } from './operations.ts';
import { backoffMs } from './sleep.ts';

/** Callbacks for a channel. */
export interface ChannelListener {
  /** Every durable event after the subscription, in order and once. */
  onEvent(event: KnownEvent): void;
  /** Events were lost before `position`: fetch the state again. Later events still come. */
  onGap(gap: { channel: string; position: Position }): void;
  onSignal?(signal: Signal): void;
  /** Subscribed, for the first time or again after a reconnect. */
  onSubscribed?(): void;
  /** The subscription has ended: it was refused, the session ended, or the client was closed. */
  onEnd?(error: Error): void;
}

/** The server's acknowledgement of a call. */
export type Acknowledgement<T = unknown> = ({ ok: true } & T) | { ok: false; error: Problem };
export type SubscribeCallback = (error: Error | null, answer?: Acknowledgement<Snapshot>) => void;

interface ChannelSubscriptionOptions {
  channel: string;
  isConnected: () => boolean;
  subscribe: (request: SocketInputs['subscribe'], callback: SubscribeCallback) => void;
  refreshToken: () => Promise<void>;
  /** Gets the errors of the app's own callbacks. */
  onError: (error: unknown) => void;
  onRefused: () => void;
}

const MAX_TOKEN_REFRESHES = 3;

/** The subscription to one channel over any number of connections, for any number of listeners. */
export class ChannelSubscription {
  readonly listeners = new Set<ChannelListener>();
  readonly cursor = new ChannelCursor();
  readonly ready: Promise<void>;
  readonly #options: ChannelSubscriptionOptions;
  #ready!: { resolve: () => void; reject: (error: Error) => void };
  #attempt = 0;
  #tokenRefreshes = 0;

  constructor(options: ChannelSubscriptionOptions) {
    this.#options = options;
    this.ready = new Promise<void>((resolve, reject) => {
      this.#ready = { resolve, reject };
    });
    this.ready.catch(() => undefined);
  }

  /** Subscribes on the current connection from the last position, until accepted or refused. */
  subscribe(tries = 1): void {
    const attempt = ++this.#attempt;
    const { channel, subscribe, isConnected } = this.#options;
    if (!isConnected()) return;
    // A callback and no promise: the events behind the acknowledgement may be handled before a
    // promise's continuation is.
    subscribe({ channel, ...this.cursor.position }, (_error, answer) => {
      if (attempt !== this.#attempt) return;
      if (answer?.ok) this.#onAccepted(answer);
      else this.#onRefusal(answer && new ProblemError(answer.error), tries);
    });
  }

  /** The connection is lost, or the subscription has ended. */
  leave(): void {
    this.#attempt++;
    this.cursor.leave();
  }

  onEvent(event: ChannelEvent): void {
    if (this.cursor.accept(event)) this.#deliver(event);
  }

  onSignal(signal: Signal): void {
    this.#notify(({ onSignal }) => onSignal?.(signal));
  }

  /** Adds a listener, which is notified at once when the channel is subscribed already. */
  add(listener: ChannelListener): void {
    this.listeners.add(listener);
    if (!this.cursor.isJoined) return;
    queueMicrotask(() => {
      if (this.cursor.isJoined) this.#notify(({ onSubscribed }) => onSubscribed?.(), [listener]);
    });
  }

  end(error: Error): void {
    this.leave();
    this.#ready.reject(error);
    this.#notify(({ onEnd }) => onEnd?.(error));
    this.listeners.clear();
  }

  /** Later servers may send types that are unknown here; the app ignores them. */
  #deliver(event: ChannelEvent): void {
    this.#notify(({ onEvent }) => onEvent(event as KnownEvent));
  }

  #onAccepted(snapshot: Snapshot): void {
    this.#tokenRefreshes = 0;
    const { channel } = this.#options;
    const { isGap, fresh } = this.cursor.join(snapshot);
    const position = { epoch: snapshot.epoch, offset: snapshot.offset };
    if (isGap) this.#notify(({ onGap }) => onGap({ channel, position }));
    for (const event of fresh) this.#deliver(event);
    this.#ready.resolve();
    this.#notify(({ onSubscribed }) => onSubscribed?.());
  }

  #onRefusal(problem: ProblemError | undefined, tries: number): void {
    const isStale = problem?.status === 401 && this.#tokenRefreshes++ < MAX_TOKEN_REFRESHES;
    const canRetry = !problem || isStale || problem.status === 409 || isTransient(problem);
    if (!canRetry) {
      this.#options.onRefused();
      this.end(problem);
      return;
    }
    const attempt = this.#attempt;
    const retry = () => {
      if (attempt === this.#attempt) this.subscribe(tries + 1);
    };
    const retryLater = () => setTimeout(retry, problem?.retryAfterMs ?? backoffMs(tries));
    if (isStale) this.#options.refreshToken().then(retryLater, retryLater);
    else retryLater();
  }

  // An error of a callback is the app's: other events and listeners are not affected.
  #notify(callback: (listener: ChannelListener) => void, listeners = [...this.listeners]): void {
    for (const listener of listeners) {
      if (!this.listeners.has(listener)) continue;
      try {
        callback(listener);
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }
}
