/** What becomes of spans, in numbers. */
export type SpanOutcome = 'exported' | 'failed' | 'dropped';

interface SpanQueueOptions<S> {
  /** Resolves with whether they arrived; bounded in time. */
  send(spans: S[]): Promise<boolean>;
  count(outcome: SpanOutcome, spans: number): void;
  maxWaiting?: number;
  batchSize?: number;
  delayMs?: number;
}

/**
 * Spans on their way out: collected for a moment, sent one batch after another, and dropped, but
 * counted, when more come than leave. Whoever ends a span never waits.
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
      const arrived = await send(batch).catch(() => false);
      count(arrived ? 'exported' : 'failed', batch.length);
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
    /** Sends what waits, as far as that is done within the deadline; what is left is dropped. */
    async close(deadlineMs: number): Promise<void> {
      isClosed = true;
      let end: Timer | undefined;
      const late = new Promise<void>((resolve) => {
        end = setTimeout(resolve, deadlineMs);
      });
      await Promise.race([flush(), late]);
      clearTimeout(end);
      if (waiting.length > 0) count('dropped', waiting.length);
      waiting = [];
    },
  };
}
