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
import { backoffMs } from './wait.ts';

/** What an app wants to hear of a channel. */
export interface ChannelListener {
  /** Every durable event after the subscription, in order and once. */
  onEvent(event: KnownEvent): void;
  /** Events were lost before `position`: fetch the state again. Later events still come. */
  onGap(gap: { channel: string; position: Position }): void;
  onSignal?(signal: Signal): void;
  /** Subscribed, for the first time or again after a reconnect. */
  onJoined?(): void;
  /** It is over: the channel was refused, the session has ended, or the client was closed. */
  onEnd?(error: Error): void;
}

/** What the server acknowledges a call with. */
export type Acknowledgement<T = unknown> = ({ ok: true } & T) | { ok: false; error: Problem };
export type Acknowledged = (error: Error | null, answer?: Acknowledgement<Snapshot>) => void;

export interface FollowerOptions {
  channel: string;
  /** Whether a connection is there to ask on. */
  isConnected: () => boolean;
  subscribe: (request: SocketInputs['subscribe'], done: Acknowledged) => void;
  /** Gets the socket a fresh token. */
  renew: () => Promise<void>;
  /** Tells of what an app's own callback threw. */
  onError: (error: unknown) => void;
  onRefused: () => void;
}

const MAX_RENEWALS = 3;

/** Keeps one channel over any number of connections, for any number of listeners. */
export class Follower {
  readonly listeners = new Set<ChannelListener>();
  readonly cursor = new ChannelCursor();
  readonly ready: Promise<void>;
  readonly #options: FollowerOptions;
  #settle!: { resolve: () => void; reject: (error: Error) => void };
  #attempt = 0;
  #renewals = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.ready = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.ready.catch(() => undefined);
  }

  /** A connection is there: subscribes from where the last one ended, until accepted or refused. */
  join(tries = 1): void {
    const attempt = ++this.#attempt;
    const { channel, subscribe, isConnected } = this.#options;
    if (!isConnected()) return;
    // A callback and no promise: the events behind the acknowledgement may be handled before a
    // promise's continuation is.
    subscribe({ channel, ...this.cursor.position }, (_error, answer) => {
      if (attempt !== this.#attempt) return;
      if (answer?.ok) this.#admit(answer);
      else this.#onRefusal(answer && new ProblemError(answer.error), tries);
    });
  }

  /** The connection has gone. */
  leave(): void {
    this.#attempt++;
    this.cursor.leave();
  }

  live(event: ChannelEvent): void {
    if (this.cursor.accept(event)) this.#hand(event);
  }

  /** Later servers may tell of types that are not known here; that is for the app to pass over. */
  #hand(event: ChannelEvent): void {
    this.#tell(({ onEvent }) => onEvent(event as KnownEvent));
  }

  signal(signal: Signal): void {
    this.#tell(({ onSignal }) => onSignal?.(signal));
  }

  /** One more listener, who hears at once when the channel is joined already. */
  add(listener: ChannelListener): void {
    this.listeners.add(listener);
    if (!this.cursor.isJoined) return;
    queueMicrotask(() => {
      if (this.cursor.isJoined) this.#tell(({ onJoined }) => onJoined?.(), [listener]);
    });
  }

  end(error: Error): void {
    this.leave();
    this.#settle.reject(error);
    this.#tell(({ onEnd }) => onEnd?.(error));
    this.listeners.clear();
  }

  #admit(snapshot: Snapshot): void {
    this.#renewals = 0;
    const { channel } = this.#options;
    const { isGap, fresh } = this.cursor.join(snapshot);
    const position = { epoch: snapshot.epoch, offset: snapshot.offset };
    if (isGap) this.#tell(({ onGap }) => onGap({ channel, position }));
    for (const event of fresh) this.#hand(event);
    this.#settle.resolve();
    this.#tell(({ onJoined }) => onJoined?.());
  }

  #onRefusal(problem: ProblemError | undefined, tries: number): void {
    const isStale = problem?.status === 401 && this.#renewals++ < MAX_RENEWALS;
    const mayPass = !problem || isStale || problem.status === 409 || isTransient(problem);
    if (!mayPass) {
      this.#options.onRefused();
      this.end(problem);
      return;
    }
    const attempt = this.#attempt;
    const again = () => {
      if (attempt === this.#attempt) this.join(tries + 1);
    };
    const later = () => setTimeout(again, problem?.retryAfterMs ?? backoffMs(tries));
    if (isStale) this.#options.renew().then(later, later);
    else later();
  }

  // What a callback throws is the app's: the other events and listeners get theirs all the same.
  #tell(say: (listener: ChannelListener) => void, to = [...this.listeners]): void {
    for (const listener of to) {
      if (!this.listeners.has(listener)) continue;
      try {
        say(listener);
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }
}
