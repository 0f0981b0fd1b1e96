import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { createFilesApi } from '../testing/files-api.ts';
import { randomPng } from '../testing/random-png.ts';

const api = await createFilesApi();
type Tenant = Awaited<ReturnType<typeof api.openTenant>>;
let own: Tenant;
let strangers: Tenant;
const png = randomPng(640, 480);
beforeAll(async () => {
  [own, strangers] = await Promise.all([api.openTenant(), api.openTenant()]);
});
afterAll(() => api.close());

async function refused(answer: Response | Promise<Response>, status: number, code: string) {
  const response = await answer;
  expect(await response.json()).toMatchObject({ status, code });
}

async function picture() {
  const id = await api.upload(own.customer, png, 'größe.png');
  await api.check(own.customer, id);
  return id;
}

describe('a link', () => {
  test('opens the file to whoever has it, and says when it ends', async () => {
    const id = await api.upload(own.customer, '<script>alert(1)</script>', 'a.html');
    const linked = await api.link(own.agent, id, { expiresInSeconds: 60 });
    expect(linked.status).toBe(201);
    const { url, expiresAt } = (await linked.json()) as { url: string; expiresAt: string };
    expect(url).toStartWith(`${api.context.settings.filesUrl}/files/`);
    const left = Date.parse(expiresAt) - Date.now();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(60_000);
    const opened = await api.visit(url);
    expect(await opened.text()).toBe('<script>alert(1)</script>');
    expect(opened.headers.get('Content-Disposition')).toStartWith('attachment; filename="a.html"');
    expect(opened.headers.get('Content-Security-Policy')).toContain('sandbox');
  });

  test('to a picture shows it, or saves it when that was asked for', async () => {
    const id = await picture();
    const shown = await api.open(api.link(own.customer, id));
    expect(shown.headers.get('Content-Disposition')).toStartWith('inline; filename="gr__e.png"');
    expect(Buffer.from(await shown.arrayBuffer()).equals(png)).toBe(true);
    const saved = await api.open(api.link(own.customer, id, { download: true }));
    expect(saved.headers.get('Content-Disposition')).toStartWith('attachment;');
    const variant = await api.open(api.link(own.customer, id, { variant: 'thumbnail' }));
    expect(variant.headers.get('Content-Type')).toBe('image/webp');
    expect(variant.headers.get('Content-Disposition')).toContain('größe'.replace(/[^a-z]/g, '_'));
  });

  test('is given to nobody who may not read the file', async () => {
    const id = await picture();
    for (const as of [strangers.owner, await own.newcomer('customer')]) {
      await refused(api.link(as, id), 404, 'NOT_FOUND');
      await refused(api.link(as, id, { image: { width: 64 } }), 404, 'NOT_FOUND');
    }
    await refused(api.link(own.owner, newId('att')), 404, 'NOT_FOUND');
    await refused(api.link(own.owner, id, { variant: 'huge' }), 404, 'NOT_FOUND');
    const nobody = api.request('POST', `/v1/attachments/${id}/links`, { body: {} });
    await refused(nobody, 401, 'UNAUTHENTICATED');
  });

  test('what has not been checked, or was rejected, is opened by nobody in no way', async () => {
    const id = await api.upload(own.customer, png, 'a.png');
    const ways = (as: string) => [
      api.link(as, id),
      api.link(as, id, { image: { width: 64 } }),
      api.request('GET', `/v1/attachments/${id}/content`, { as }),
    ];
    for (const way of ways(own.customer)) await refused(way, 409, 'ATTACHMENT_PENDING');
    await api.context.files.storage.upload(
      `${await tenantOf(own.owner)}/attachments/${id}/original`,
      png.slice(0, 900),
      {
        contentType: 'image/png',
      },
    );
    await api.check(own.customer, id);
    for (const way of ways(own.owner)) await refused(way, 409, 'ATTACHMENT_REJECTED');
  });

  test('lasts an hour at most, and asks for one thing', async () => {
    const id = await picture();
    for (const body of [
      { expiresInSeconds: 3601 },
      { expiresInSeconds: 0 },
      { variant: 'webp', image: {} },
      { image: { width: 300 } },
      { image: { width: 4096 } },
      { image: { format: 'svg' } },
      { image: { quality: 100 } },
      { image: { fit: 'outside' } },
      { image: { blur: 1000 } },
    ]) {
      await refused(api.link(own.customer, id, body), 422, 'VALIDATION_FAILED');
    }
    const text = await api.upload(own.customer, 'text', 'a.txt');
    await refused(api.link(own.customer, text, { image: {} }), 422, 'NOT_A_PICTURE');
  });
});

const tenantOf = async (token: string) =>
  (await api.context.security.tokens.verifyAccess(token)).tenantId;

describe('an image', () => {
  test('is made as it was asked for', async () => {
    const id = await picture();
    const opened = await api.open(
      api.link(own.agent, id, { image: { width: 64, height: 64, fit: 'cover', format: 'jpeg' } }),
    );
    expect(opened.status).toBe(200);
    expect(Object.fromEntries(opened.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'content-disposition': expect.stringMatching(
        /^inline; filename="gr__e.png.64x64-cover-q75.jpg"/,
      ),
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'cross-origin-resource-policy': 'cross-origin',
    });
    const made = await api.context.files.media.describeImage(
      new Uint8Array(await opened.arrayBuffer()),
    );
    expect(made).toMatchObject({ format: 'jpeg', width: 64, height: 64 });
  });

  test('is made once, and served again from storage: whole, in part, or not at all', async () => {
    const id = await picture();
    let times = 0;
    const { transformImage } = api.context.files.media;
    api.replaced.media = {
      transformImage: (...asked) => {
        times++;
        return transformImage(...asked);
      },
    };
    const request = () => api.link(own.agent, id, { image: { width: 160 } });
    const { url } = (await (await request()).json()) as { url: string };
    const all = await Promise.all([
      api.visit(url),
      ...[request(), request(), request()].map((one) => api.open(one)),
    ]);
    const bodies = await Promise.all(all.map(async (one) => Buffer.from(await one.arrayBuffer())));
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const again = await api.visit(url);
    const whole = Buffer.from(await again.arrayBuffer());
    expect(bodies.every((body) => body.equals(whole))).toBe(true);
    const part = await api.visit(url, { headers: { Range: 'bytes=4-9' } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(4, 10))).toBe(true);
    const headers = { 'If-None-Match': again.headers.get('ETag') ?? '' };
    expect((await api.visit(url, { headers })).status).toBe(304);
    const head = await api.visit(url, { method: 'HEAD' });
    expect(head.headers.get('Content-Length')).toBe(String(whole.length));
    expect(times).toBe(1);
    delete api.replaced.media;
  });

  test('no parameter can be changed, added, taken away or doubled, nor used for another picture', async () => {
    const [id, other] = [await picture(), await picture()];
    const request = (id: string) => api.link(own.agent, id, { image: { width: 64, format: 'png' } });
    const { url } = (await (await request(id)).json()) as { url: string };
    const elsewhere = (await (await request(other)).json()) as { url: string };
    const tenant = await tenantOf(strangers.owner);
    const forged = [
      url.replace('w=64', 'w=128'),
      url.replace('w=64', 'w=9999'),
      url.replace('png', 'avif'),
      url.replace('fit=inside', 'fit=cover'),
      url.replace(/quality=\d+/, 'quality=90'),
      url.replace('w=64&', ''),
      url.replace(/expires=\d+/, 'expires=9999999999'),
      url.replace(/organization=\w+/, `organization=${tenant}`),
      url.replace(id, other),
      url.replace(/signature=.*/, new URL(elsewhere.url).search.slice(1)),
      url.replace(/&signature=.*/, ''),
      url.replace(/signature=.*/, 'signature=a.b.c.d'),
      `${url}&h=64`,
      `${url}&w=64`,
      `${url}&save=1`,
      `${url}&cache=bust`,
      url.replace('?', '?w=2048&'),
    ];
    for (const one of forged) {
      expect(one).not.toBe(url);
      await refused(api.visit(one), 403, 'SIGNATURE_INVALID');
    }
    expect((await api.visit(url)).status).toBe(200);
    const reordered = new URL(url);
    reordered.searchParams.sort();
    expect((await api.visit(reordered.href)).status).toBe(200);
  });

  test('a link ends', async () => {
    const id = await picture();
    const link = await api.link(own.agent, id, { image: { width: 64 }, expiresInSeconds: 1 });
    const { url } = (await link.json()) as { url: string };
    while (Number(new URL(url).searchParams.get('expires')) * 1000 >= Date.now())
      await Bun.sleep(50);
    await refused(api.visit(url), 403, 'SIGNATURE_EXPIRED');
  });
});
