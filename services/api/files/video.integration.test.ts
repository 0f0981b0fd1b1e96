import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Context, withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { createApp } from '../app.ts';
import { createFilesApi } from '../testing/files-api.ts';

const api = await createFilesApi();
const { storage } = api.context.files;
type Tenant = Awaited<ReturnType<typeof api.openTenant>>;
let own: Tenant;
let film: Id<'att'>;
let folder: string;
let change: (what: string) => Promise<unknown>;
afterAll(() => api.close());

const LIST = 'application/vnd.apple.mpegurl';
const media = '0123456789'.repeat(10);
const rung = [
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
  'hls-360p-list': { contentType: LIST, text: rung },
  hls: { contentType: LIST, text: '#EXTM3U\n#EXT-X-STREAM-INF:X\ncontent?variant=hls-360p-list\n' },
  stray: { contentType: LIST, text: '#EXTM3U\ncontent?variant=original\n' },
};

beforeAll(async () => {
  own = await api.openTenant();
  film = await api.upload(own.customer, 'a film', 'größe.bin');
  const { tenantId, worker } = await api.check(own.customer, film);
  folder = `${tenantId}/attachments/${film}`;
  const variants = [];
  for (const [name, { contentType, text }] of Object.entries(files)) {
    const bytes = new TextEncoder().encode(text);
    await storage.upload(`${folder}/${name}`, bytes, { contentType });
    variants.push({ name, contentType, sizeBytes: bytes.length });
  }
  change = (what) =>
    withTenant(worker, ({ tx }) =>
      tx.execute(`update attachments set ${what} where id = '${toUuid(film)}'`),
    );
  await change(`variants = '${JSON.stringify(variants)}'`);
});

async function link(variant: string, more: object = {}) {
  const answer = await api.link(own.agent, film, { variant, ...more });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { url: string }).url;
}
/** What a playlist names, as a player resolves it. */
async function named(url: string) {
  const response = await api.visit(url);
  expect(response.status).toBe(200);
  const text = await response.text();
  const addresses = [...text.matchAll(/^(?:#.*URI="([^"]+)".*|([^#\s].*))$/gm)].map(
    ([, map, line]) => new URL(map ?? line ?? '', url).href,
  );
  return { response, text, addresses };
}
const endOf = (url: string) => Number(new URL(url).searchParams.get('expires'));
async function refused(answer: Response | Promise<Response>, status: number, code: string) {
  expect(await (await answer).json()).toMatchObject({ status, code });
}

test('who has the link of a film plays all of it, without a token', async () => {
  const master = await link('hls', { expiresInSeconds: 60 });
  expect(new URL(master).pathname).toBe(`/files/videos/${film}/hls.m3u8`);
  const { addresses: lists, response } = await named(master);
  expect(response.headers.get('Content-Type')).toBe(LIST);
  expect(response.headers.get('Cross-Origin-Resource-Policy')).toBe('cross-origin');
  expect(lists).toHaveLength(1);
  const { addresses, text } = await named(lists[0] ?? '');
  expect(text.replace(/hls-360p\.mp4\?[^"\n]+/g, 'content?variant=hls-360p')).toBe(rung);
  expect(addresses).toHaveLength(3);
  expect(new Set(addresses).size).toBe(1);
  const [at = ''] = addresses;
  expect(new URL(at).pathname).toEndWith('/hls-360p.mp4');
  const parts: string[] = [];
  for (const range of ['bytes=0-9', 'bytes=10-49', 'bytes=50-99']) {
    const part = await api.visit(at, { headers: { Range: range } });
    expect([part.status, part.headers.get('Content-Type')]).toEqual([206, 'video/mp4']);
    parts.push(await part.text());
  }
  expect(parts.join('')).toBe(media);
  expect((await api.visit(at, { method: 'HEAD' })).headers.get('Content-Length')).toBe('100');
});

test('its addresses are good until it has been played, and lead to no later ones', async () => {
  const master = await link('hls', { expiresInSeconds: 60 });
  const [list = ''] = (await named(master)).addresses;
  const [segment = ''] = (await named(list)).addresses;
  expect(endOf(list) - endOf(master)).toBe(601 + 300);
  expect(endOf(segment)).toBe(endOf(list));
  const alone = await link('hls-360p-list', { expiresInSeconds: 60 });
  const [other = ''] = (await named(alone)).addresses;
  expect(endOf(other) - endOf(alone)).toBe(601 + 300);
  const short = await link('hls', { expiresInSeconds: 1 });
  while (endOf(short) * 1000 >= Date.now()) await Bun.sleep(50);
  await refused(api.visit(short), 403, 'SIGNATURE_EXPIRED');
});

test('an address opens one file of one film, as it was signed', async () => {
  const master = await link('hls');
  const [list = ''] = (await named(master)).addresses;
  const forged = [
    master.replace('hls.m3u8', 'hls-360p.mp4'),
    master.replace('hls.m3u8', 'original'),
    list.replace('&named=1', ''),
    list.replace(/expires=\d+/, 'expires=9999999999'),
    `${master}&named=1`,
    `${master}&again=1`,
    master.replace(/signature=.*/, `signature=${new URL(list).searchParams.get('signature')}`),
    master.replace(/&signature=.*/, ''),
    master.replace(
      film,
      film.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    ),
  ];
  for (const one of forged) {
    expect([master, list]).not.toContain(one);
    await refused(api.visit(one), 403, 'SIGNATURE_INVALID');
  }
  for (const method of ['POST', 'PUT', 'DELETE'])
    await refused(api.visit(master, { method }), 404, 'NOT_FOUND');
  const stranger = await api.openTenant();
  await refused(api.link(stranger.owner, film, { variant: 'hls' }), 404, 'NOT_FOUND');
  const newcomer = await own.newcomer('customer');
  await refused(api.link(newcomer, film, { variant: 'hls' }), 404, 'NOT_FOUND');
});

test('a playlist leads to what was made of its own film alone', async () => {
  await refused(api.visit(await link('stray')), 404, 'NOT_FOUND');
});

test('to be saved it is as it was made', async () => {
  const saved = await api.visit(await link('hls', { download: true }));
  expect(await saved.text()).toBe(files.hls.text);
});

test('where storage serves by itself, a player is sent there for a minute', async () => {
  const asked: unknown[] = [];
  const away: Context['files']['storage'] = {
    ...storage,
    async signDownload(key, options) {
      asked.push([key, options]);
      return 'https://bucket.example/film?signed';
    },
    list: storage.list.bind(storage),
    download: storage.download.bind(storage),
  };
  const context = (call: object) => ({
    ...api.context,
    ...call,
    files: { ...api.context.files, storage: away },
  });
  const { createMetrics } = await import('@insightdesk/shared/monitoring');
  const metrics = createMetrics({ service: 'api', replica: 'api-1' });
  const app = createApp({ ...api.options, metrics, context: context as never });
  const [list = ''] = (await named(await link('hls'))).addresses;
  const [segment = ''] = (await named(list)).addresses;
  const { pathname, search } = new URL(segment);
  const sent = await app.request(pathname + search);
  expect([sent.status, sent.headers.get('Location'), sent.headers.get('Cache-Control')]).toEqual([
    307,
    'https://bucket.example/film?signed',
    'no-store',
  ]);
  const options = { expiresInSeconds: 60, contentType: 'video/mp4', inline: true };
  expect(asked).toEqual([[`${folder}/hls-360p`, options]]);
});

describe('when it is gone', () => {
  test('nothing of it is opened any more, however long its addresses were for', async () => {
    const master = await link('hls');
    const [list = ''] = (await named(master)).addresses;
    const [segment = ''] = (await named(list)).addresses;
    await change("status = 'rejected'");
    for (const url of [master, list, segment]) await refused(api.visit(url), 404, 'NOT_FOUND');
  });
});
