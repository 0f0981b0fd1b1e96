import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ByteSource, readChunks } from '@insightdesk/shared/streams';
import { writeChunks } from './write-chunks.ts';

interface WriteOptions {
  /** File permissions; default: only the owner has access. */
  mode?: number;
  signal?: AbortSignal;
}

/**
 * Replaces a file completely or not at all: readers see the old or the new content. The content is
 * synced to disk on return; after an error the draft is removed.
 */
export async function writeFileAtomically(
  path: string,
  content: string | ByteSource,
  { mode = 0o600, signal }: WriteOptions = {},
): Promise<void> {
  const source = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const draft = `${path}.${process.pid}-${crypto.randomUUID()}.draft`;
  try {
    await writeNew(draft, readChunks(source, signal), mode);
    signal?.throwIfAborted();
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await using folder = await open(dirname(path), 'r');
  await folder.sync();
}

async function writeNew(path: string, chunks: AsyncIterable<Uint8Array>, mode: number) {
  await using file = await open(path, 'wx', mode);
  await writeChunks(file, chunks);
  await file.sync();
}
