/** A source of bytes: a web stream, a Node stream or generator, or bytes in memory. */
export type ByteSource = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Uint8Array;

/** Yields the chunks of a source; cancels it on an early return; throws the signal's reason on abort. */
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
    yield* readAll(reader, signal);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    reader.cancel();
  }
}

/** Cancels a source that is not read; a Node stream is destroyed. */
export function cancelSource(source: ByteSource, reason?: unknown): void {
  if (!(source instanceof Uint8Array)) openReader(source).cancel(reason);
}

async function* readAll(reader: ChunkReader, signal?: AbortSignal) {
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
  return source instanceof ReadableStream ? createWebReader(source) : createIteratorReader(source);
}

// A source may reject or never finish its cancellation; both are ignored.
function ignoreErrors(promise: Promise<unknown> | undefined) {
  promise?.catch(() => undefined);
}

function createWebReader(source: ReadableStream<Uint8Array>): ChunkReader {
  const reader = source.getReader();
  return {
    read: async () => (await reader.read()).value,
    cancel: (reason) => ignoreErrors(reader.cancel(reason)),
  };
}

// Not Promise.race: a long-lived promise would retain every chunk before it.
function createIteratorReader(source: AsyncIterable<Uint8Array>): ChunkReader {
  const iterator = source[Symbol.asyncIterator]();
  let isCancelled = false;
  let endRead: () => void = () => undefined;
  return {
    read: () =>
      new Promise((resolve, reject) => {
        endRead = () => resolve(undefined);
        if (isCancelled) endRead();
        else iterator.next().then((result) => resolve(nextChunk(result)), reject);
      }),
    cancel: () => {
      isCancelled = true;
      endRead();
      ignoreErrors(iterator.return?.());
    },
  };
}

function nextChunk(result: IteratorResult<Uint8Array>): Uint8Array | undefined {
  return result.done ? undefined : result.value;
}
