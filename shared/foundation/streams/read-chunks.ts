/** Anything that yields bytes: a web stream, a Node stream or generator, or bytes in memory. */
export type ByteSource = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Uint8Array;

/** Yields the chunks of a source and cancels it when left early; throws the signal's reason on abort. */
export async function* readChunks(
  source: ByteSource,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  if (source instanceof Uint8Array) {
    yield source;
    return;
  }
  const reader = openReader(source);
  const onAbort = () => reader.cancel(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    yield* drain(reader, signal);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    reader.cancel();
  }
}

/** Tells a source that nobody will begin to read it; a Node stream is destroyed. */
export function cancelSource(source: ByteSource, reason?: unknown): void {
  if (!(source instanceof Uint8Array)) openReader(source).cancel(reason);
}

async function* drain(reader: ChunkReader, signal?: AbortSignal) {
  while (true) {
    const chunk = await reader.read();
    signal?.throwIfAborted();
    if (!chunk) return;
    if (chunk.byteLength > 0) yield chunk;
  }
}

interface ChunkReader {
  read(): Promise<Uint8Array | undefined>;
  cancel(reason?: unknown): void;
}

function openReader(source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>): ChunkReader {
  return source instanceof ReadableStream ? webReader(source) : iteratorReader(source);
}

// A source may refuse or never answer the cancellation; nobody is interested in either.
function ignore(promise: Promise<unknown> | undefined) {
  promise?.catch(() => undefined);
}

function webReader(source: ReadableStream<Uint8Array>): ChunkReader {
  const reader = source.getReader();
  return {
    read: async () => (await reader.read()).value,
    cancel: (reason) => ignore(reader.cancel(reason)),
  };
}

// Not Promise.race: a promise that lasts would keep every chunk that came before it.
function iteratorReader(source: AsyncIterable<Uint8Array>): ChunkReader {
  const iterator = source[Symbol.asyncIterator]();
  let isCancelled = false;
  let giveUp: () => void = () => undefined;
  return {
    read: () =>
      new Promise((resolve, reject) => {
        giveUp = () => resolve(undefined);
        if (isCancelled) giveUp();
        else iterator.next().then((result) => resolve(nextChunk(result)), reject);
      }),
    cancel: () => {
      isCancelled = true;
      giveUp();
      ignore(iterator.return?.());
    },
  };
}

function nextChunk(result: IteratorResult<Uint8Array>): Uint8Array | undefined {
  return result.done ? undefined : result.value;
}
