import { type ByteSource, readChunks } from './read-chunks.ts';

type Chunks = AsyncIterable<Uint8Array>;

/** A transformation of chunks, such as `(chunks) => limitBytes(chunks, 25_000_000)`. */
export type Step = (chunks: Chunks) => Chunks;

/** Statistics of a pipeline; times are milliseconds. */
export interface PipelineStatistics {
  bytesIn: number;
  bytesOut: number;
  chunks: number;
  durationMs: number;
  /** Output rate. */
  bytesPerSecond: number;
  /** Time spent waiting for the source and for the sink: the greater one is the bottleneck. */
  sourceWaitMs: number;
  sinkWaitMs: number;
}

/** Passes a source through steps into a sink; returns the result of the sink and statistics. */
export async function pipeline<T>(
  source: ByteSource,
  steps: readonly Step[],
  sink: (chunks: Chunks) => Promise<T>,
  { signal, now = () => performance.now() }: { signal?: AbortSignal; now?: () => number } = {},
): Promise<{ result: T; statistics: PipelineStatistics }> {
  const startedAt = now();
  const input = measure(readChunks(source, signal), now);
  const output = measure(
    steps.reduce<Chunks>((chunks, step) => step(chunks), input.chunks),
    now,
  );
  try {
    const result = await sink(output.chunks);
    const durationMs = now() - startedAt;
    const statistics = {
      bytesIn: input.bytes(),
      bytesOut: output.bytes(),
      chunks: output.count(),
      durationMs,
      bytesPerSecond: durationMs === 0 ? 0 : (output.bytes() * 1000) / durationMs,
      sourceWaitMs: input.upstreamMs(),
      sinkWaitMs: output.downstreamMs(),
    };
    return { result, statistics };
  } finally {
    // The sink may have stopped reading.
    output.chunks.return().catch(() => undefined);
  }
}

/** Counts bytes and chunks, and the time spent waiting for the next chunk and for its consumer. */
function measure(source: Chunks, now: () => number) {
  let [bytes, count, upstreamMs, downstreamMs] = [0, 0, 0, 0];
  async function* forward() {
    let since = now();
    for await (const chunk of source) {
      const receivedAt = now();
      upstreamMs += receivedAt - since;
      bytes += chunk.byteLength;
      count++;
      yield chunk;
      since = now();
      downstreamMs += since - receivedAt;
    }
    upstreamMs += now() - since;
  }
  return {
    chunks: forward(),
    bytes: () => bytes,
    count: () => count,
    upstreamMs: () => upstreamMs,
    downstreamMs: () => downstreamMs,
  };
}
