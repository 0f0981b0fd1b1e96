import type { Valkey } from './create-valkey.ts';

const BATCH_SIZE = 1_000;

/** Deletes all keys that match the glob pattern; returns how many there were. */
export async function deleteKeys(
  valkey: Pick<Valkey, 'scan' | 'unlink'>,
  pattern: string,
): Promise<number> {
  let count = 0;
  for await (const keys of scanKeys(valkey, pattern)) count += await valkey.unlink(...keys);
  return count;
}

/** All keys that match the glob pattern, in batches; a key may come twice. */
export async function* scanKeys(
  valkey: Pick<Valkey, 'scan'>,
  pattern: string,
): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const [next, keys] = await valkey.scan(cursor, 'MATCH', pattern, 'COUNT', BATCH_SIZE);
    if (keys.length > 0) yield keys;
    cursor = next;
  } while (cursor !== '0');
}
