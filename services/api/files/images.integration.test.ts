import { afterAll, beforeEach, expect, test } from 'bun:test';
import { withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { expireUploads } from '@insightdesk/shared/domain/desk/attachments';
import type { JobRun } from '@insightdesk/shared/jobs';
import type { ImageSource } from '@insightdesk/shared/media';
import { collectBytes, readChunks } from '@insightdesk/shared/streams';
import { randomPng, until } from '@insightdesk/shared/testing';
import { createFilesApi } from '../testing/files-api.ts';

const api = await createFilesApi();
const { storage } = api.context.files;
afterAll(() => api.close());
beforeEach(() => {
  delete api.replaced.media;
});

const large = randomPng(200, 150);

async function uploadImage() {
  const as = (await api.createTenant()).owner;
  const id = await api.upload(as, large, 'a.png');
  const { tenantId, worker } = await api.process(as, id);
  const listRendered = () => Array.fromAsync(storage.list(`${tenantId}/attachments/${id}/images/`));
  const request = (image: object) => api.fetchLink(api.createLink(as, id, { image }));
  const change = (what: string) =>
    withTenant(worker, ({ tx }) =>
      tx.execute(`update attachments set ${what} where id = '${toUuid(id)}'`),
    );
  return { as, id, tenantId, worker, listRendered, request, change };
}

/** Media that renders images of the given size once a gate is opened. */
function slowMedia(sizeBytes = 10) {
  const started: ImageSource[] = [];
  const gates: (() => void)[] = [];
  api.replaced.media = {
    transformImage: async (source, { format }) => {
      started.push(source);
      await new Promise<void>((resolve) => gates.push(resolve));
      const bytes = new Uint8Array(sizeBytes);
      return { bytes, contentType: `image/${format}`, width: 1, height: 1 };
    },
  };
  return { started, gates };
}

test('rendered images: storage per original is bounded, the oldest are deleted', async () => {
  const { listRendered, request } = await uploadImage();
  const budget = 256 * 1024;
  const { gates } = slowMedia(100 * 1024);
  for (const width of [16, 32, 48, 64]) {
    const answer = request({ width });
    await until(() => gates.length, { atLeast: 1 });
    gates.shift()?.();
    expect((await answer).status).toBe(200);
  }
  const files = await listRendered();
  expect(files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThanOrEqual(budget);
  expect(files.map(({ key }) => key.split('/').at(-1))).toEqual([
    '48x2048-inside-q75.webp',
    '64x2048-inside-q75.webp',
  ]);
});

test('rendered images: one larger than the budget is served but not stored', async () => {
  const { listRendered, request } = await uploadImage();
  const { gates } = slowMedia(300 * 1024);
  const answer = request({ width: 16 });
  await until(() => gates.length, { atLeast: 1 });
  gates.shift()?.();
  expect((await (await answer).arrayBuffer()).byteLength).toBe(300 * 1024);
  expect(await listRendered()).toEqual([]);
});

test('rendered images: 503 when too many of an organization are waiting', async () => {
  const { request } = await uploadImage();
  const { started, gates } = slowMedia();
  const first = request({ width: 2048 });
  await until(() => started.length, { equals: 1 });
  const answered: Response[] = [];
  const requests = [16, 32, 48, 64, 96, 128, 160, 240, 320, 480].map((width) => request({ width }));
  for (const one of requests) void one.then((answer) => answered.push(answer));
  // Later requests would find room again.
  await until(() => answered.length, { equals: 2 });
  for (const response of answered) {
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe('1');
  }
  for (let released = 0; released < 9; released++) {
    await until(() => gates.length, { atLeast: 1 });
    gates.shift()?.();
  }
  const statuses = (await Promise.all([first, ...requests])).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([...Array(9).fill(200), 503, 503]);
});

test('rendered images: a corrupt original is 422 and nothing is stored', async () => {
  const { listRendered, request, tenantId, id } = await uploadImage();
  const key = `${tenantId}/attachments/${id}/original`;
  await storage.upload(key, large.slice(0, 500), { contentType: 'image/png' });
  const answer = await request({ width: 16 });
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ code: 'IMAGE_CORRUPT' });
  expect(await listRendered()).toEqual([]);
});

test('rendered images: large originals are rendered from their webp variant', async () => {
  const { request, change } = await uploadImage();
  await change('size_bytes = 100000000');
  const { started, gates } = slowMedia();
  const answer = request({ width: 16 });
  await until(() => gates.length, { atLeast: 1 });
  gates.shift()?.();
  expect((await answer).status).toBe(200);
  const [source] = started;
  if (!source || source instanceof Uint8Array) throw new Error('Expected a stream');
  const header = Buffer.from(await collectBytes(readChunks(await source.open()))).toString(
    'latin1',
  );
  expect([header.slice(0, 4), header.slice(8, 12)]).toEqual(['RIFF', 'WEBP']);
});

const run = { signal: new AbortController().signal } as JobRun;
async function expire({ worker, change }: Awaited<ReturnType<typeof uploadImage>>) {
  await change("created_at = now() - interval '25 hours'");
  await expireUploads(worker, {}, run);
  expect((await change('attempts = 0')).count).toBe(0);
}

const everythingOf = (tenantId: Id<'org'>) => Array.fromAsync(storage.list(`${tenantId}/`));

test('rendered images: deleted with their original; their links are 404', async () => {
  const image = await uploadImage();
  const { as, id, listRendered, tenantId } = image;
  const link = await api.createLink(as, id, { image: { width: 16 } });
  const { url } = (await link.json()) as { url: string };
  expect((await api.fetchUrl(url)).status).toBe(200);
  expect(await listRendered()).toHaveLength(1);
  await expire(image);
  expect(await everythingOf(tenantId)).toEqual([]);
  expect((await api.fetchUrl(url)).status).toBe(404);
});

test('rendered images: one rendered while its original is deleted leaves nothing behind', async () => {
  const image = await uploadImage();
  const { gates } = slowMedia();
  const answer = image.request({ width: 16 });
  await until(() => gates.length, { atLeast: 1 });
  await expire(image);
  gates.shift()?.();
  await answer;
  expect(await everythingOf(image.tenantId)).toEqual([]);
});
