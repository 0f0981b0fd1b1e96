import { type ByteSource, readChunks } from './read-chunks.ts';

type Chunks = AsyncIterable<Uint8Array>;

/** What is done to bytes on their way, such as `(chunks) => limitBytes(chunks, 25_000_000)`. */
export type Step = (chunks: Chunks) => Chunks;

/** What went through a pipeline; times are milliseconds. */
export interface PipelineStatistics {
  bytesIn: number;
  bytesOut: number;
  chunks: number;
  durationMs: number;
  /** Of what came out. */
  bytesPerSecond: number;
  /** Waited for the source, and for the sink: the greater one is the brake. */
  sourceMs: number;
  sinkMs: number;
}

/** Leads a source through steps into a sink; gives what the sink gives, and what went through. */
export async function pipeline<T>(
  source: ByteSource,
  steps: readonly Step[],
  sink: (chunks: Chunks) => Promise<T>,
  { signal, now = () => performance.now() }: { signal?: AbortSignal; now?: () => number } = {},
): Promise<{ result: T; statistics: PipelineStatistics }> {
  const startedAt = now();
  const entry = gauge(readChunks(source, signal), now);
  const exit = gauge(
    steps.reduce<Chunks>((chunks, step) => step(chunks), entry.chunks),
    now,
  );
  try {
    const result = await sink(exit.chunks);
    const durationMs = now() - startedAt;
    const statistics = {
      bytesIn: entry.bytes(),
      bytesOut: exit.bytes(),
      chunks: exit.count(),
      durationMs,
      bytesPerSecond: durationMs === 0 ? 0 : (exit.bytes() * 1000) / durationMs,
      sourceMs: entry.awaitedMs(),
      sinkMs: exit.passedMs(),
    };
    return { result, statistics };
  } finally {
    // A sink may have left without saying so.
    exit.chunks.return().catch(() => undefined);
  }
}

/** Counts what passes a place, how long it waits there for what comes, and for what goes. */
function gauge(source: Chunks, now: () => number) {
  let [bytes, count, awaitedMs, passedMs] = [0, 0, 0, 0];
  async function* pass() {
    let since = now();
    for await (const chunk of source) {
      const cameAt = now();
      awaitedMs += cameAt - since;
      bytes += chunk.byteLength;
      count++;
      yield chunk;
      since = now();
      passedMs += since - cameAt;
    }
    awaitedMs += now() - since;
  }
  return {
    chunks: pass(),
    bytes: () => bytes,
    count: () => count,
    awaitedMs: () => awaitedMs,
    passedMs: () => passedMs,
  };
}
