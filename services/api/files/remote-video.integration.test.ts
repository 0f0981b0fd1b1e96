import { afterAll, beforeAll, expect, test } from 'bun:test';
import { withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { createMetrics } from '@insightdesk/shared/monitoring';
import { openRemoteStorage } from '@insightdesk/shared/testing';
import { createApp } from '../app.ts';
import { createFilesApi } from '../testing/files-api.ts';

const api = await createFilesApi();
const served = await openRemoteStorage('s3', api.parts.fileUrls);
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
const rungs = ['hls-360p', 'hls-720p'];
const listOf = (rung: string) =>
  `#EXTM3U
#EXT-X-MAP:URI="content?variant=${rung}",BYTERANGE="10@0"
#EXTINF:6.0,
#EXT-X-BYTERANGE:40@10
content?variant=${rung}
#EXTINF:6.0,
#EXT-X-BYTERANGE:50@50
content?variant=${rung}
#EXT-X-ENDLIST
`;
const master = `#EXTM3U\n${rungs.map((rung) => `#EXT-X-STREAM-INF:X\ncontent?variant=${rung}-list\n`).join('')}`;

let link: string;
beforeAll(async () => {
  server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch });
  const { customer } = await api.openTenant();
  const id: Id<'att'> = await api.upload(customer, 'a film', 'film.bin');
  const { tenantId, worker } = await api.check(customer, id);
  const made = { hls: master } as Record<string, string>;
  for (const rung of rungs) Object.assign(made, { [rung]: media, [`${rung}-list`]: listOf(rung) });
  const variants = Object.entries(made).map(([name, text]) => ({
    name,
    contentType: text === media ? 'video/mp4' : LIST,
    sizeBytes: text.length,
  }));
  for (const { name, contentType } of variants) {
    const bytes = new TextEncoder().encode(made[name]);
    await storage.upload(`${tenantId}/attachments/${id}/${name}`, bytes, { contentType });
  }
  await withTenant(worker, ({ tx }) =>
    tx.execute(
      `update attachments set variants = '${JSON.stringify(variants)}' where id = '${toUuid(id)}'`,
    ),
  );
  const answer = await api.link(customer, id, { variant: 'hls', expiresInSeconds: 60 });
  const { pathname, search } = new URL(((await answer.json()) as { url: string }).url);
  link = `http://127.0.0.1:${server.port}${pathname}${search}`;
}, 300_000);

/** What a playlist names, as a player resolves it: against where the playlist came from. */
async function named(url: string): Promise<string[]> {
  const response = await fetch(url);
  expect([response.status, response.redirected]).toEqual([200, false]);
  const text = await response.text();
  const names = [...text.matchAll(/^(?:#.*URI="([^"]+)".*|([^#\s].*))$/gm)];
  return names.map(([, map, line]) => new URL(map ?? line ?? '', response.url).href);
}

test('a link plays all of a film that is in a bucket: each segment of each rung is sent there', async () => {
  const lists = await named(link);
  expect(lists).toHaveLength(rungs.length);
  for (const list of lists) {
    const addresses = await named(list);
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

test('the address in the bucket is of that file alone, and a player comes back for another', async () => {
  const [list = ''] = await named(link);
  const [segment = ''] = await named(list);
  const sent = await fetch(segment, { redirect: 'manual' });
  expect(sent.status).toBe(307);
  const away = sent.headers.get('Location') ?? '';
  expect(new URL(away).searchParams.get('X-Amz-Expires')).toBe('60');
  for (const other of [
    away.replace('/hls-360p?', '/hls-720p?'),
    away.replace('X-Amz-Expires=60', 'X-Amz-Expires=600'),
    away.replace(/\?.*/, ''),
  ]) {
    expect(other).not.toBe(away);
    const refused = await fetch(other);
    expect(refused.status).toBeWithin(400, 404);
    expect(await refused.text()).not.toContain(media);
  }
  expect((await fetch(away, { method: 'PUT', body: 'x' })).status).toBe(403);
  const again = await fetch(segment, { redirect: 'manual' });
  expect(again.status).toBe(307);
  expect(await (await fetch(again.headers.get('Location') ?? '')).text()).toBe(media);
});
