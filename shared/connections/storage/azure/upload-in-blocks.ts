import { releaseBuffer } from '../remote/upload-parts.ts';
import type { AzureClient } from './azure-client.ts';

interface Upload {
  key: string;
  headers: Record<string, string>;
  blocks: AsyncIterable<Uint8Array<ArrayBuffer>>;
  signal?: AbortSignal | undefined;
}

/**
 * Uploads blocks, one on its way at a time, and makes them a blob in one step. Blocks of what failed
 * before are invisible, and the service drops them within a week.
 */
export async function uploadInBlocks(container: AzureClient, upload: Upload): Promise<void> {
  const { key, headers, blocks, signal } = upload;
  const own = crypto.randomUUID();
  const ids: string[] = [];
  for await (const body of blocks) {
    const id = btoa(`${own}-${String(ids.length).padStart(6, '0')}`);
    const query = { comp: 'block', blockid: id };
    await container.ask({ method: 'PUT', key, query, body, signal });
    releaseBuffer(body);
    ids.push(id);
  }
  signal?.throwIfAborted();
  const list = ids.map((id) => `<Uncommitted>${id}</Uncommitted>`).join('');
  const body = new TextEncoder().encode(`<BlockList>${list}</BlockList>`);
  await container.ask({ method: 'PUT', key, query: { comp: 'blocklist' }, headers, body });
}
