import { releaseBuffer } from '../remote/upload-parts.ts';
import type { AzureClient } from './azure-client.ts';

interface Upload {
  key: string;
  headers: Record<string, string>;
  blocks: AsyncIterable<Uint8Array<ArrayBuffer>>;
  signal?: AbortSignal | undefined;
}

/**
 * Uploads blocks one by one, then commits them as a blob. Blocks of failed uploads are invisible, and
 * the service deletes them within a week.
 */
export async function uploadInBlocks(container: AzureClient, upload: Upload): Promise<void> {
  const { key, headers, blocks, signal } = upload;
  const uploadId = crypto.randomUUID();
  const ids: string[] = [];
  for await (const body of blocks) {
    const id = btoa(`${uploadId}-${String(ids.length).padStart(6, '0')}`);
    const query = { comp: 'block', blockid: id };
    await container.request({ method: 'PUT', key, query, body, signal });
    releaseBuffer(body);
    ids.push(id);
  }
  signal?.throwIfAborted();
  const list = ids.map((id) => `<Uncommitted>${id}</Uncommitted>`).join('');
  const body = new TextEncoder().encode(`<BlockList>${list}</BlockList>`);
  await container.request({ method: 'PUT', key, query: { comp: 'blocklist' }, headers, body });
}
