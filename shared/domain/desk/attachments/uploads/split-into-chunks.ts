/** A stream that is taken in pieces, each read to its end before the next is begun. */
export interface ChunkedStream {
  /** Whether there is anything left. */
  hasMore(): Promise<boolean>;
  next(): AsyncGenerator<Uint8Array, void, undefined>;
  /** Why the source broke off, if it did: the last piece has what came before. */
  failure(): unknown;
}

/** Cuts a source into pieces of at most so many bytes, and of so long where it is slow. */
export function splitIntoChunks(
  source: AsyncIterable<Uint8Array>,
  { bytes, ms }: { bytes: number; ms: number },
): ChunkedStream {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Uint8Array | undefined;
  let isOver = false;
  let failure: unknown;

  async function hasMore(): Promise<boolean> {
    while (!rest && !isOver) {
      try {
        const { done, value } = await chunks.next();
        if (done) isOver = true;
        else if (value.byteLength > 0) rest = value;
      } catch (error) {
        failure = error;
        isOver = true;
      }
    }
    return rest !== undefined;
  }

  return {
    hasMore,
    async *next() {
      const begun = performance.now();
      let left = bytes;
      while (left > 0 && performance.now() - begun < ms && (await hasMore()) && rest) {
        const chunk: Uint8Array = rest.subarray(0, left);
        rest = rest.byteLength > left ? rest.subarray(left) : undefined;
        left -= chunk.byteLength;
        yield chunk;
      }
    },
    failure: () => failure,
  };
}
