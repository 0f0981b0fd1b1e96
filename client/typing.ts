import type { Signal } from '../shared/contract/shapes.ts';

/** So long does one sign of typing last, and so often is it repeated at most. */
const LASTS_MS = 6_000;
const REPEATED_MS = 3_000;

interface TypingOptions {
  publish: (type: string, data: unknown) => void;
  onChange: (userIds: string[]) => void;
}

/** Who is typing in a channel, by signals that wear off; whoever falls silent has stopped. */
export class Typing {
  readonly #options: TypingOptions;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #saidAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  get userIds(): string[] {
    return [...this.#timers.keys()];
  }

  /** Tells the others, as often as it is called. */
  say(on: boolean): void {
    const now = Date.now();
    if (on && now - this.#saidAtMs < REPEATED_MS) return;
    this.#saidAtMs = on ? now : Number.NEGATIVE_INFINITY;
    this.#options.publish('typing', { on });
  }

  hear({ type, data, from }: Signal): void {
    if (type !== 'typing') return;
    if ((data as { on?: unknown } | null)?.on === false) this.stop(from);
    else this.#start(from);
  }

  #start(from: string): void {
    const isNew = !this.#timers.has(from);
    clearTimeout(this.#timers.get(from));
    const timer = setTimeout(() => this.stop(from), LASTS_MS);
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
