import { afterAll, beforeAll, expect, test } from 'bun:test';
import { withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { createMetrics } from '@insightdesk/shared/monitoring';
import { startRemoteStorage } from '@insightdesk/shared/testing';
import { createApp } from '../app.ts';
import { createFilesApi } from '../testing/files-api.ts';

const api = await createFilesApi();
const served = await startRemoteStorage('s3', api.container.fileUrls);
const { storage } = served;
const app = createApp({
  ...api.options,
  metrics: createMetrics({ service: 'api', replica: 'api-1' }),
  context: (call) => ({ ...api.context, ...call, files: { ...api.context.files, storage } }),
});
let server: ReturnType<typeof Bun.serve>;
afterAll(async () => {
  await server.stop(true);
  await served.close();
  await api.close();
});

const LIST = 'application/vnd.apple.mpegurl';
const media = '0123456789'.repeat(10);
const segments = [
  { range: 'bytes=0-9', text: media.slice(0, 10) },
  { range: 'bytes=10-49', text: media.slice(10, 50) },
  { range: 'bytes=50-99', text: media.slice(50) },
];
const renditions = ['hls-360p', 'hls-720p'];
const listOf = (rendition: string) =>
  `#EXTM3U
#EXT-X-MAP:URI="content?variant=${rendition}",BYTERANGE="10@0"
#EXTINF:6.0,
#EXT-X-BYTERANGE:40@10
content?variant=${rendition}
#EXTINF:6.0,
#EXT-X-BYTERANGE:50@50
content?variant=${rendition}
#EXT-X-ENDLIST
`;
const master = `#EXTM3U\n${renditions.map((rendition) => `#EXT-X-STREAM-INF:X\ncontent?variant=${rendition}-list\n`).join('')}`;

let link: string;
beforeAll(async () => {
  server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch });
  const { customer } = await api.createTenant();
  const id: Id<'att'> = await api.upload(customer, 'a video', 'video.bin');
  const { tenantId, worker } = await api.process(customer, id);
  const contents = { hls: master } as Record<string, string>;
  for (const rendition of renditions)
    Object.assign(contents, { [rendition]: media, [`${rendition}-list`]: listOf(rendition) });
  const variants = Object.entries(contents).map(([name, text]) => ({
    name,
    contentType: text === media ? 'video/mp4' : LIST,
    sizeBytes: text.length,
  }));
  for (const { name, contentType } of variants) {
    const bytes = new TextEncoder().encode(contents[name]);
    await storage.upload(`${tenantId}/attachments/${id}/${name}`, bytes, { contentType });
  }
  await withTenant(worker, ({ tx }) =>
    tx.execute(
      `update attachments set variants = '${JSON.stringify(variants)}' where id = '${toUuid(id)}'`,
    ),
  );
  const answer = await api.createLink(customer, id, { variant: 'hls', expiresInSeconds: 60 });
  const { pathname, search } = new URL(((await answer.json()) as { url: string }).url);
  link = `http://127.0.0.1:${server.port}${pathname}${search}`;
}, 300_000);

/** URLs of a playlist, resolved against its own URL as a player does. */
async function readPlaylist(url: string): Promise<string[]> {
  const response = await fetch(url);
  expect([response.status, response.redirected]).toEqual([200, false]);
  const text = await response.text();
  const names = [...text.matchAll(/^(?:#.*URI="([^"]+)".*|([^#\s].*))$/gm)];
  return names.map(([, map, line]) => new URL(map ?? line ?? '', response.url).href);
}

test('remote video: a link plays every segment of every rendition from the bucket', async () => {
  const lists = await readPlaylist(link);
  expect(lists).toHaveLength(renditions.length);
  for (const list of lists) {
    const addresses = await readPlaylist(list);
    expect(addresses).toHaveLength(segments.length);
    for (const [n, { range, text }] of segments.entries()) {
      const response = await fetch(addresses[n] ?? '', { headers: { Range: range } });
      expect(response.url).toStartWith(
        served.config.provider === 's3' ? `${served.config.endpoint}/` : '?',
      );
      expect([response.status, response.headers.get('Content-Type')]).toEqual([206, 'video/mp4']);
      expect(await response.text()).toBe(text);
    }
  }
});

test('remote video: a bucket URL is valid for one file and one minute', async () => {
  const [list = ''] = await readPlaylist(link);
  const [segment = ''] = await readPlaylist(list);
  const sent = await fetch(segment, { redirect: 'manual' });
  expect(sent.status).toBe(307);
  const location = sent.headers.get('Location') ?? '';
  expect(new URL(location).searchParams.get('X-Amz-Expires')).toBe('60');
  for (const other of [
    location.replace('/hls-360p?', '/hls-720p?'),
    location.replace('X-Amz-Expires=60', 'X-Amz-Expires=600'),
    location.replace(/\?.*/, ''),
  ]) {
    expect(other).not.toBe(location);
    const refused = await fetch(other);
    expect(refused.status).toBeWithin(400, 404);
    expect(await refused.text()).not.toContain(media);
  }
  expect((await fetch(location, { method: 'PUT', body: 'x' })).status).toBe(403);
  const again = await fetch(segment, { redirect: 'manual' });
  expect(again.status).toBe(307);
  expect(await (await fetch(again.headers.get('Location') ?? '')).text()).toBe(media);
});
