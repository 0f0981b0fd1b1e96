/**
 * Splits a source into chunks of at most `bytes`, and of at most `ms` when the source is slow; each is
 * read to its end before the next one starts.
 */
export function splitIntoChunks(
  source: AsyncIterable<Uint8Array>,
  { bytes, ms }: { bytes: number; ms: number },
) {
  const input = source[Symbol.asyncIterator]();
  let rest: Uint8Array | undefined;
  let hasEnded = false;
  let failure: unknown;

  async function hasMore(): Promise<boolean> {
    while (!rest && !hasEnded) {
      try {
        const { done, value } = await input.next();
        if (done) hasEnded = true;
        else if (value.byteLength > 0) rest = value;
      } catch (error) {
        failure = error;
        hasEnded = true;
      }
    }
    return rest !== undefined;
  }

  return {
    hasMore,
    async *next(): AsyncGenerator<Uint8Array, void, undefined> {
      const startedAt = performance.now();
      let remaining = bytes;
      while (remaining > 0 && performance.now() - startedAt < ms && (await hasMore()) && rest) {
        const block: Uint8Array = rest.subarray(0, remaining);
        rest = rest.byteLength > remaining ? rest.subarray(remaining) : undefined;
        remaining -= block.byteLength;
        yield block;
      }
    },
    /** The error of the source, if it failed: the last chunk ends there. */
    failure: () => failure,
  };
}
