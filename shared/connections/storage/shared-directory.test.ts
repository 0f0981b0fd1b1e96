import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../testing/until.ts';
import { dependencies } from './conformance/harness.ts';
import { createStorage, type StorageProvider } from './index.ts';

let directory: string;
let storage: StorageProvider;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'insightdesk-storage-'));
  storage = createStorage({ provider: 'local', directory, maxFileBytes: 1e6 }, dependencies);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('a download returns the old or the new file while another process replaces it', async () => {
  await storage.upload('shared/a', new Uint8Array(300_000).fill(1), { contentType: 'text/plain' });
  const writer = startWriter(directory, 'for (let i = 0; i < 60; i++) await put(300_000, i % 5);');
  let reads = 0;
  while (writer.exitCode === null) {
    const bytes = await new Response(await storage.download('shared/a')).bytes();
    expect(bytes.byteLength).toBe(300_000);
    expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
    reads++;
  }
  expect([await writer.exited, reads > 5]).toEqual([0, true]);
  expect(await readdir(join(directory, 'incoming'))).toEqual([]);
}, 30_000);

test('a process that is killed during an upload leaves no file', async () => {
  const writer = startWriter(directory, 'await putForever();');
  const incoming = join(directory, 'incoming');
  await until(async () => writer.exitCode !== null || (await readdir(incoming)).length > 0);
  expect(writer.exitCode).toBeNull();
  writer.kill(9);
  await writer.exited;
  expect(await Array.fromAsync(storage.list(''))).toEqual([]);
  expect(await storage.exists('shared/a')).toBe(false);
}, 15_000);

function startWriter(directory: string, body: string) {
  const script = `
    import { createStorage, createUrlSigner } from '@insightdesk/shared/storage';
    const parts = { signer: createUrlSigner({ secret: 'x', publicUrl: 'http://localhost' }) };
    const directory = ${JSON.stringify(directory)};
    const storage = createStorage({ provider: 'local', directory, maxFileBytes: 1e12 }, parts);
    const type = { contentType: 'text/plain' };
    const put = (size, fill) => storage.upload('shared/a', new Uint8Array(size).fill(fill), type);
    const putForever = () => storage.upload('shared/a', new ReadableStream({
      async pull(to) { await Bun.sleep(1); to.enqueue(new Uint8Array(1000)); },
    }), type);
    ${body}`;
  const options = { cwd: import.meta.dir, stdout: 'inherit', stderr: 'inherit' } as const;
  return Bun.spawn([process.execPath, '-e', script], options);
}
