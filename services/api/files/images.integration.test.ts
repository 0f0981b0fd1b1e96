import { afterAll, beforeEach, expect, test } from 'bun:test';
import { withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { expireUploads } from '@insightdesk/shared/domain/desk/attachments';
import type { JobRun } from '@insightdesk/shared/jobs';
import { until } from '@insightdesk/shared/testing';
import { createFilesApi } from '../testing/files-api.ts';
import { randomPng } from '../testing/random-png.ts';

const api = await createFilesApi();
const { storage } = api.context.files;
afterAll(() => api.close());
beforeEach(() => {
  delete api.replaced.media;
});

const large = randomPng(200, 150);

async function open() {
  const as = (await api.openTenant()).owner;
  const id = await api.upload(as, large, 'a.png');
  const { tenantId, worker } = await api.check(as, id);
  const kept = () => Array.fromAsync(storage.list(`${tenantId}/attachments/${id}/images/`));
  const request = (image: object) => api.open(api.link(as, id, { image }));
  const change = (what: string) =>
    withTenant(worker, ({ tx }) =>
      tx.execute(`update attachments set ${what} where id = '${toUuid(id)}'`),
    );
  return { as, id, tenantId, worker, kept, request, change };
}

/** Media that makes pictures of so many bytes, when it is let. */
function slowMedia(sizeBytes = 10) {
  const begun: Uint8Array[] = [];
  const gates: (() => void)[] = [];
  api.replaced.media = {
    transformImage: async (source, { format }) => {
      begun.push(source);
      await new Promise<void>((resolve) => gates.push(resolve));
      const bytes = new Uint8Array(sizeBytes);
      return { bytes, contentType: `image/${format}`, width: 1, height: 1 };
    },
  };
  return { begun, gates };
}

/** Resolves once it was found out whether something below this prefix is kept. */
function lookedFor(prefix: string): Promise<void> {
  const { metadata } = storage;
  return new Promise((resolve) => {
    storage.metadata = async (key) => {
      const found = await metadata(key);
      if (key.startsWith(prefix)) {
        storage.metadata = metadata;
        resolve();
      }
      return found;
    };
  });
}

test('what is kept beside a picture is bounded by bytes, the oldest go first', async () => {
  const { kept, request } = await open();
  const budget = 256 * 1024;
  const { gates } = slowMedia(100 * 1024);
  for (const width of [16, 32, 48, 64]) {
    const answer = request({ width });
    await until(() => gates.length, { atLeast: 1 });
    gates.shift()?.();
    expect((await answer).status).toBe(200);
  }
  const files = await kept();
  expect(files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThanOrEqual(budget);
  expect(files.map(({ key }) => key.split('/').at(-1))).toEqual([
    '48x2048-inside-q75.webp',
    '64x2048-inside-q75.webp',
  ]);
});

test('what alone is more than that is answered, and not kept', async () => {
  const { kept, request } = await open();
  const { gates } = slowMedia(300 * 1024);
  const answer = request({ width: 16 });
  await until(() => gates.length, { atLeast: 1 });
  gates.shift()?.();
  expect((await (await answer).arrayBuffer()).byteLength).toBe(300 * 1024);
  expect(await kept()).toEqual([]);
});

test('an organisation that asks for much waits for itself; another is next', async () => {
  const [noisy, other] = [await open(), await open()];
  const { begun, gates } = slowMedia();
  const widths = [16, 32, 48, 64, 96, 128, 160, 240, 320, 480];
  const first = noisy.request({ width: 2048 });
  await until(() => begun.length, { equals: 1 });
  const asked = widths.map((width) => noisy.request({ width }));
  const refusals: Response[] = [];
  for (const one of asked) void one.then((answer) => refusals.push(answer));
  // One that came later would find room again.
  await until(() => refusals.length, { equals: 2 });
  for (const refusal of refusals) {
    expect(refusal.status).toBe(503);
    expect(refusal.headers.get('Retry-After')).toBe('1');
  }
  const looked = lookedFor(`${other.tenantId}/`);
  const others = other.request({ width: 16 });
  await looked;
  // What follows needs no server: with the next turn of the loop it stands in the line.
  await Bun.sleep(0);
  const answered: string[] = [];
  void others.then(() => answered.push('other'));
  for (const one of asked) void one.then(({ status }) => status === 200 && answered.push('noisy'));
  let released = 0;
  for (; released < 10; released++) {
    await until(() => gates.length > 0 || answered.length >= 9);
    gates.shift()?.();
  }
  const all = await Promise.all([first, others, ...asked]);
  expect(all.filter(({ status }) => status === 200)).toHaveLength(10);
  expect(all.filter(({ status }) => status === 503)).toHaveLength(2);
  expect(answered.indexOf('other')).toBeLessThan(4);
});

test('what cannot be decoded after all is told, and nothing is kept of it', async () => {
  const { kept, request, tenantId, id } = await open();
  const key = `${tenantId}/attachments/${id}/original`;
  await storage.upload(key, large.slice(0, 500), { contentType: 'image/png' });
  const answer = await request({ width: 16 });
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ code: 'IMAGE_CORRUPT' });
  expect(await kept()).toEqual([]);
});

test('what is larger than a process should read is made from its variant', async () => {
  const { request, change } = await open();
  await change('size_bytes = 100000000');
  const { begun, gates } = slowMedia();
  const answer = request({ width: 16 });
  await until(() => gates.length, { atLeast: 1 });
  gates.shift()?.();
  expect((await answer).status).toBe(200);
  const header = Buffer.from(begun[0]?.subarray(0, 12) ?? []).toString('latin1');
  expect([header.slice(0, 4), header.slice(8)]).toEqual(['RIFF', 'WEBP']);
});

const run = { signal: new AbortController().signal } as JobRun;
async function collect({ worker, change }: Awaited<ReturnType<typeof open>>) {
  await change("created_at = now() - interval '25 hours'");
  await expireUploads(worker, {}, run);
  expect((await change('attempts = 0')).count).toBe(0);
}

const everythingOf = (tenantId: Id<'org'>) => Array.fromAsync(storage.list(`${tenantId}/`));

test('made pictures go with their original, and links to them lead nowhere', async () => {
  const opened = await open();
  const { as, id, kept, tenantId } = opened;
  const link = await api.link(as, id, { image: { width: 16 } });
  const { url } = (await link.json()) as { url: string };
  expect((await api.visit(url)).status).toBe(200);
  expect(await kept()).toHaveLength(1);
  await collect(opened);
  expect(await everythingOf(tenantId)).toEqual([]);
  expect((await api.visit(url)).status).toBe(404);
});

test('one that is made while its original is collected leaves nothing behind', async () => {
  const opened = await open();
  const { gates } = slowMedia();
  const answer = opened.request({ width: 16 });
  await until(() => gates.length, { atLeast: 1 });
  await collect(opened);
  gates.shift()?.();
  await answer;
  expect(await everythingOf(opened.tenantId)).toEqual([]);
});
