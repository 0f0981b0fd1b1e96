import { open } from 'node:fs/promises';
import { writeChunks } from '@insightdesk/shared/files';
import { type ByteSource, limitBytes, readChunks } from '@insightdesk/shared/streams';

/** Copies a source to a new file; throws PayloadTooLargeError beyond `maxBytes`. Returns its size. */
export async function copyToFile(
  source: ByteSource,
  path: string,
  { maxBytes, signal }: { maxBytes: number; signal?: AbortSignal | undefined },
): Promise<number> {
  await using file = await open(path, 'wx', 0o600);
  await writeChunks(file, limitBytes(readChunks(source, signal), maxBytes));
  return (await file.stat()).size;
}
