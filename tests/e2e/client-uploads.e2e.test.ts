import { afterAll, beforeAll, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createClient } from '@insightdesk/client';
import { startTcpProxy } from '@insightdesk/shared/testing';
import { call, downloadFile, registerOwner, run, type TestUser, untilProcessed } from './client.ts';

const ca = readFileSync(run.ca, 'utf8');
const bytes = randomBytes(9_000_000);
let owner: TestUser;
let proxy: Awaited<ReturnType<typeof startTcpProxy>>;
/** Bytes that were sent to nginx. */
let sentBytes = 0;
let onSent = () => {};

beforeAll(async () => {
  owner = await registerOwner();
  proxy = await startTcpProxy(run.url, {
    transfer(direction, write, chunk) {
      write();
      if (direction !== 'request') return;
      sentBytes += chunk.byteLength;
      onSent();
    },
  });
});
afterAll(() => proxy.close());

/** A client whose connections to nginx the test can cut. */
const open = () =>
  createClient({
    url: proxy.url.replace(/\/$/, ''),
    tokens: { accessToken: owner.token },
    fetch: (url, init) => fetch(url, { ...init, tls: { ca, serverName: 'localhost' } } as never),
  });

test('uploadResumably: continues after broken connections and a restart with the stored URL', async () => {
  sentBytes = 0;
  let urls: string[] = [];
  const onUrl = (url: string) => void urls.push(url);
  const offsets: number[] = [];
  let cuts = 3;
  // Cuts each time another two megabytes were sent.
  onSent = () => {
    if (cuts === 0 || sentBytes < (4 - cuts) * 2_000_000) return;
    cuts--;
    proxy.set('cut');
    setTimeout(() => proxy.set('open'), 100);
  };
  const first = open().attachments.uploadResumably(new Blob([bytes]), 'größe.bin', {
    onUrl,
    onProgress({ storedBytes }) {
      offsets.push(storedBytes);
      if (storedBytes > 3_000_000) first.pause();
    },
  });
  await Promise.race([first.done, untilPaused(offsets)]);
  const stored = offsets.at(-1) ?? 0;
  expect(stored).toBeLessThan(bytes.byteLength);

  const client = open();
  const second = client.attachments.uploadResumably(new Blob([bytes]), 'größe.bin', {
    url: urls[0],
    onUrl,
    onProgress: ({ storedBytes }) => void offsets.push(storedBytes),
  });
  second.pause();
  setTimeout(second.resume, 200);
  const { id, name, sizeBytes } = await second.done;
  expect({ name, sizeBytes }).toEqual({ name: 'größe.bin', sizeBytes: bytes.byteLength });
  expect(cuts).toBe(0);
  expect(urls).toHaveLength(1);
  expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
  // Three cuts lose at most what was sent since the last stored part.
  expect(sentBytes).toBeLessThan(2 * bytes.byteLength);
  expect(await untilProcessed(owner.token, id)).toMatchObject({ status: 'ready' });
  const content = await (await downloadFile(owner.token, id)).arrayBuffer();
  expect(Buffer.from(content).equals(bytes)).toBe(true);

  // The URL of a complete upload gives its attachment; that of a deleted one starts a new upload.
  const again = client.attachments.uploadResumably(new Blob([bytes]), 'a.bin', { url: urls[0] });
  expect((await again.done).id).toBe(id);
  await call('DELETE', `/v1/attachments/${id}`, { token: owner.token });
  urls = [urls[0] ?? ''];
  const restarted = client.attachments.uploadResumably(new Blob(['new']), 'a.txt', {
    url: urls[0],
    onUrl,
  });
  expect((await restarted.done).id).not.toBe(id);
  expect(urls).toHaveLength(2);
}, 60_000);

test('uploadResumably: abort deletes the upload on the server, and a foreign URL gets no token', async () => {
  onSent = () => {};
  const { attachments } = open();
  const progress = Promise.withResolvers<void>();
  const upload = attachments.uploadResumably(new Blob([bytes]), 'a.bin', {
    onProgress: ({ storedBytes }) => storedBytes > 0 && progress.resolve(),
  });
  await progress.promise;
  await upload.abort();
  expect(await upload.done.catch(({ name }) => name)).toBe('ClientClosedError');
  const { status } = await call('GET', new URL(upload.url ?? '').pathname, {
    token: owner.token,
    headers: { 'Tus-Resumable': '1.0.0' },
  });
  expect(status).toBe(404);
  const url = 'https://elsewhere.example/v1/other/att_1';
  const foreign = attachments.uploadResumably(new Blob(['x']), 'a.txt', { url });
  await expect(foreign.done).rejects.toThrow('Not the URL of an upload');
});

/** Resolves when no more bytes are stored. */
async function untilPaused(offsets: readonly number[]): Promise<void> {
  for (let last = -1; last !== offsets.length || (offsets.at(-1) ?? 0) < 3_000_000; ) {
    last = offsets.length;
    await Bun.sleep(500);
  }
}
