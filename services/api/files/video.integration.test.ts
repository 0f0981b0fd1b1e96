import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Context, withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { createApp } from '../app.ts';
import { expectError } from '../testing/expect-error.ts';
import { createFilesApi } from '../testing/files-api.ts';

const api = await createFilesApi();
const { storage } = api.context.files;
type Tenant = Awaited<ReturnType<typeof api.createTenant>>;
let own: Tenant;
let video: Id<'att'>;
let folder: string;
let change: (what: string) => Promise<unknown>;
afterAll(() => api.close());

const LIST = 'application/vnd.apple.mpegurl';
const media = '0123456789'.repeat(10);
const rendition = [
  '#EXTM3U',
  '#EXT-X-MAP:URI="content?variant=hls-360p",BYTERANGE="10@0"',
  '#EXTINF:6.000000,',
  '#EXT-X-BYTERANGE:40@10',
  'content?variant=hls-360p',
  '#EXTINF:594.5,',
  '#EXT-X-BYTERANGE:50@50',
  'content?variant=hls-360p',
  '#EXT-X-ENDLIST',
].join('\n');
const files = {
  'hls-360p': { contentType: 'video/mp4', text: media },
  'hls-360p-list': { contentType: LIST, text: rendition },
  hls: { contentType: LIST, text: '#EXTM3U\n#EXT-X-STREAM-INF:X\ncontent?variant=hls-360p-list\n' },
  stray: { contentType: LIST, text: '#EXTM3U\ncontent?variant=original\n' },
};

beforeAll(async () => {
  own = await api.createTenant();
  video = await api.upload(own.customer, 'a video', 'größe.bin');
  const { tenantId, worker } = await api.process(own.customer, video);
  folder = `${tenantId}/attachments/${video}`;
  const variants = [];
  for (const [name, { contentType, text }] of Object.entries(files)) {
    const bytes = new TextEncoder().encode(text);
    await storage.upload(`${folder}/${name}`, bytes, { contentType });
    variants.push({ name, contentType, sizeBytes: bytes.length });
  }
  change = (what) =>
    withTenant(worker, ({ tx }) =>
      tx.execute(`update attachments set ${what} where id = '${toUuid(video)}'`),
    );
  await change(`variants = '${JSON.stringify(variants)}'`);
});

async function link(variant: string, more: object = {}) {
  const answer = await api.createLink(own.agent, video, { variant, ...more });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { url: string }).url;
}
/** URLs of a playlist, resolved as a player does. */
async function readPlaylist(url: string) {
  const response = await api.fetchUrl(url);
  expect(response.status).toBe(200);
  const text = await response.text();
  const addresses = [...text.matchAll(/^(?:#.*URI="([^"]+)".*|([^#\s].*))$/gm)].map(
    ([, map, line]) => new URL(map ?? line ?? '', url).href,
  );
  return { response, text, addresses };
}
const endOf = (url: string) => Number(new URL(url).searchParams.get('expires'));
test('video link: plays all segments without credentials', async () => {
  const master = await link('hls', { expiresInSeconds: 60 });
  expect(new URL(master).pathname).toBe(`/files/videos/${video}/hls.m3u8`);
  const { addresses: lists, response } = await readPlaylist(master);
  expect(response.headers.get('Content-Type')).toBe(LIST);
  expect(response.headers.get('Cross-Origin-Resource-Policy')).toBe('cross-origin');
  expect(lists).toHaveLength(1);
  const { addresses, text } = await readPlaylist(lists[0] ?? '');
  expect(text.replace(/hls-360p\.mp4\?[^"\n]+/g, 'content?variant=hls-360p')).toBe(rendition);
  expect(addresses).toHaveLength(3);
  expect(new Set(addresses).size).toBe(1);
  const [at = ''] = addresses;
  expect(new URL(at).pathname).toEndWith('/hls-360p.mp4');
  const parts: string[] = [];
  for (const range of ['bytes=0-9', 'bytes=10-49', 'bytes=50-99']) {
    const part = await api.fetchUrl(at, { headers: { Range: range } });
    expect([part.status, part.headers.get('Content-Type')]).toEqual([206, 'video/mp4']);
    parts.push(await part.text());
  }
  expect(parts.join('')).toBe(media);
  expect((await api.fetchUrl(at, { method: 'HEAD' })).headers.get('Content-Length')).toBe('100');
});

test('video link: URLs in playlists are valid for the duration of the video', async () => {
  const master = await link('hls', { expiresInSeconds: 60 });
  const [list = ''] = (await readPlaylist(master)).addresses;
  const [segment = ''] = (await readPlaylist(list)).addresses;
  expect(endOf(list) - endOf(master)).toBe(601 + 300);
  expect(endOf(segment)).toBe(endOf(list));
  const alone = await link('hls-360p-list', { expiresInSeconds: 60 });
  const [other = ''] = (await readPlaylist(alone)).addresses;
  expect(endOf(other) - endOf(alone)).toBe(601 + 300);
});

test('video link: 403 for another file, 405 for other methods', async () => {
  const master = await link('hls');
  const other = master.replace('hls.m3u8', 'original');
  await expectError(api.fetchUrl(other), 403, 'SIGNATURE_INVALID');
  for (const method of ['POST', 'PUT', 'DELETE'])
    await expectError(api.fetchUrl(master, { method }), 405, 'METHOD_NOT_ALLOWED');
});

test('video link: a playlist that names other files is 404', async () => {
  await expectError(api.fetchUrl(await link('stray')), 404, 'NOT_FOUND');
});

test('video link: download=true returns the stored playlist', async () => {
  const saved = await api.fetchUrl(await link('hls', { download: true }));
  expect(await saved.text()).toBe(files.hls.text);
});

test('video link: redirects to remote storage with a URL valid for one minute', async () => {
  const signed: unknown[] = [];
  const remoteStorage: Context['files']['storage'] = {
    ...storage,
    async signDownload(key, options) {
      signed.push([key, options]);
      return 'https://bucket.example/video?signed';
    },
    list: storage.list.bind(storage),
    download: storage.download.bind(storage),
  };
  const context = (call: object) => ({
    ...api.context,
    ...call,
    files: { ...api.context.files, storage: remoteStorage },
  });
  const { createMetrics } = await import('@insightdesk/shared/monitoring');
  const metrics = createMetrics({ service: 'api', replica: 'api-1' });
  const app = createApp({ ...api.options, metrics, context: context as never });
  const [list = ''] = (await readPlaylist(await link('hls'))).addresses;
  const [segment = ''] = (await readPlaylist(list)).addresses;
  const { pathname, search } = new URL(segment);
  const sent = await app.request(pathname + search);
  expect([sent.status, sent.headers.get('Location'), sent.headers.get('Cache-Control')]).toEqual([
    307,
    'https://bucket.example/video?signed',
    'no-store',
  ]);
  const options = { expiresInSeconds: 60, contentType: 'video/mp4', inline: true };
  expect(signed).toEqual([[`${folder}/hls-360p`, options]]);
});

describe('when it is gone', () => {
  test('video link: 404 once the attachment is rejected', async () => {
    const master = await link('hls');
    const [list = ''] = (await readPlaylist(master)).addresses;
    const [segment = ''] = (await readPlaylist(list)).addresses;
    await change("status = 'rejected'");
    for (const url of [master, list, segment])
      await expectError(api.fetchUrl(url), 404, 'NOT_FOUND');
  });
});
