import type { Signal } from '../shared/contract/shapes.ts';

/** A typing signal is valid for this long, and repeated this often at most. */
const TYPING_TIMEOUT_MS = 6_000;
const REPEAT_INTERVAL_MS = 3_000;

interface TypingOptions {
  publish: (type: string, data: unknown) => void;
  onChange: (userIds: string[]) => void;
}

/** The users who are typing in a channel, by signals that expire. */
export class Typing {
  readonly #options: TypingOptions;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #publishedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  get userIds(): string[] {
    return [...this.#timers.keys()];
  }

  /** Publishes that this user is typing, at most every three seconds, or no longer. */
  setOwn(on: boolean): void {
    const now = Date.now();
    if (on && now - this.#publishedAtMs < REPEAT_INTERVAL_MS) return;
    this.#publishedAtMs = on ? now : Number.NEGATIVE_INFINITY;
    this.#options.publish('typing', { on });
  }

  onSignal({ type, data, from }: Signal): void {
    if (type !== 'typing') return;
    if ((data as { on?: unknown } | null)?.on === false) this.stop(from);
    else this.#start(from);
  }

  #start(from: string): void {
    const isNew = !this.#timers.has(from);
    clearTimeout(this.#timers.get(from));
    const timer = setTimeout(() => this.stop(from), TYPING_TIMEOUT_MS);
    this.#timers.set(from, timer);
    if (isNew) this.#options.onChange(this.userIds);
  }

  stop(userId: string): void {
    clearTimeout(this.#timers.get(userId));
    if (this.#timers.delete(userId)) this.#options.onChange(this.userIds);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
