/** Outcome of a span. */
export type SpanOutcome = 'exported' | 'failed' | 'dropped';

interface SpanQueueOptions<S> {
  /** Resolves to whether the collector accepted them; must have a timeout. */
  send(spans: S[]): Promise<boolean>;
  count(outcome: SpanOutcome, spans: number): void;
  maxWaiting?: number;
  batchSize?: number;
  delayMs?: number;
}

/**
 * Export queue of spans: collects for a moment, sends one batch at a time, and drops spans with a
 * count when it is full. Ending a span never waits.
 */
export function createSpanQueue<S>({
  send,
  count,
  maxWaiting = 4_096,
  batchSize = 512,
  delayMs = 1_000,
}: SpanQueueOptions<S>) {
  let waiting: S[] = [];
  let timer: Timer | undefined;
  let sending: Promise<void> | undefined;
  let isClosed = false;

  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchSize);
      const isAccepted = await send(batch).catch(() => false);
      count(isAccepted ? 'exported' : 'failed', batch.length);
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    sending ??= sendAll().finally(() => {
      sending = undefined;
    });
    return sending;
  }

  return {
    add(span: S): void {
      if (isClosed || waiting.length >= maxWaiting) {
        count('dropped', 1);
        return;
      }
      waiting.push(span);
      if (sending) return;
      if (waiting.length >= batchSize) void flush();
      else timer ??= setTimeout(() => void flush(), delayMs).unref();
    },
    /** Sends the waiting spans until the deadline; the rest is dropped. */
    async close(deadlineMs: number): Promise<void> {
      isClosed = true;
      let timeout: Timer | undefined;
      const deadline = new Promise<void>((resolve) => {
        timeout = setTimeout(resolve, deadlineMs);
      });
      await Promise.race([flush(), deadline]);
      clearTimeout(timeout);
      if (waiting.length > 0) count('dropped', waiting.length);
      waiting = [];
    },
  };
}
