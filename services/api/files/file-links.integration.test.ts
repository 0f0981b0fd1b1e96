import { afterAll, describe, expect, test } from 'bun:test';
import { randomPng } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { expectError } from '../testing/expect-error.ts';
import { createFilesApi } from '../testing/files-api.ts';

const api = await createFilesApi();
const [own, others] = await Promise.all([api.createTenant(), api.createTenant()]);
const png = randomPng(640, 480);
afterAll(() => api.close());

async function uploadImage() {
  const id = await api.upload(own.customer, png, 'größe.png');
  await api.process(own.customer, id);
  return id;
}

describe('file link', () => {
  test('file link: serves the file without credentials until it expires', async () => {
    const id = await api.upload(own.customer, '<script>alert(1)</script>', 'a.html');
    const linked = await api.createLink(own.agent, id, { expiresInSeconds: 60 });
    expect(linked.status).toBe(201);
    const { url, expiresAt } = (await linked.json()) as { url: string; expiresAt: string };
    expect(url).toStartWith(`${api.context.settings.filesUrl}/files/`);
    const remainingMs = Date.parse(expiresAt) - Date.now();
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(60_000);
    const opened = await api.fetchUrl(url);
    expect(await opened.text()).toBe('<script>alert(1)</script>');
    expect(opened.headers.get('Content-Disposition')).toStartWith('attachment; filename="a.html"');
    expect(opened.headers.get('Content-Security-Policy')).toContain('sandbox');
  });

  test('file link: an image is inline, or an attachment with download=true', async () => {
    const id = await uploadImage();
    const shown = await api.fetchLink(api.createLink(own.customer, id));
    expect(shown.headers.get('Content-Disposition')).toStartWith('inline; filename="gr__e.png"');
    expect(Buffer.from(await shown.arrayBuffer()).equals(png)).toBe(true);
    const saved = await api.fetchLink(api.createLink(own.customer, id, { download: true }));
    expect(saved.headers.get('Content-Disposition')).toStartWith('attachment;');
    const variant = await api.fetchLink(api.createLink(own.customer, id, { variant: 'thumbnail' }));
    expect(variant.headers.get('Content-Type')).toBe('image/webp');
    expect(variant.headers.get('Content-Disposition')).toContain('größe'.replace(/[^a-z]/g, '_'));
  });

  test('file link: 404 for users who cannot read the file, 401 without credentials', async () => {
    const id = await uploadImage();
    for (const as of [others.owner, await own.addMember('customer')]) {
      await expectError(api.createLink(as, id), 404, 'NOT_FOUND');
      await expectError(api.createLink(as, id, { image: { width: 64 } }), 404, 'NOT_FOUND');
    }
    await expectError(api.createLink(own.owner, newId('att')), 404, 'NOT_FOUND');
    await expectError(api.createLink(own.owner, id, { variant: 'huge' }), 404, 'NOT_FOUND');
    const unauthenticated = api.request('POST', `/v1/attachments/${id}/links`, { body: {} });
    await expectError(unauthenticated, 401, 'UNAUTHENTICATED');
  });

  test('file link: 409 while the file is pending and after it was rejected', async () => {
    const id = await api.upload(own.customer, png, 'a.png');
    const requests = (as: string) => [
      api.createLink(as, id),
      api.createLink(as, id, { image: { width: 64 } }),
      api.request('GET', `/v1/attachments/${id}/content`, { as }),
    ];
    for (const response of requests(own.customer))
      await expectError(response, 409, 'ATTACHMENT_PENDING');
    await api.context.files.storage.upload(
      `${await tenantOf(own.owner)}/attachments/${id}/original`,
      png.slice(0, 900),
      {
        contentType: 'image/png',
      },
    );
    await api.process(own.customer, id);
    for (const response of requests(own.owner))
      await expectError(response, 409, 'ATTACHMENT_REJECTED');
  });

  test('file link: 422 for invalid durations and image parameters', async () => {
    const id = await uploadImage();
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
      await expectError(api.createLink(own.customer, id, body), 422, 'VALIDATION_FAILED');
    }
    const text = await api.upload(own.customer, 'text', 'a.txt');
    await expectError(api.createLink(own.customer, text, { image: {} }), 422, 'NOT_AN_IMAGE');
  });
});

const tenantOf = async (token: string) =>
  (await api.context.security.tokens.verifyAccess(token)).tenantId;

describe('image link', () => {
  test('image link: renders the requested size, fit and format, 403 for another size', async () => {
    const id = await uploadImage();
    const image = { width: 64, height: 64, fit: 'cover', format: 'jpeg' };
    const linked = await api.createLink(own.agent, id, { image });
    const { url } = (await linked.json()) as { url: string };
    const larger = url.replace('w=64', 'w=128');
    await expectError(api.fetchUrl(larger), 403, 'SIGNATURE_INVALID');
    const opened = await api.fetchUrl(url);
    expect(opened.status).toBe(200);
    expect(Object.fromEntries(opened.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'content-disposition': expect.stringMatching(
        /^inline; filename="gr__e.png.64x64-cover-q75.jpg"/,
      ),
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'cross-origin-resource-policy': 'cross-origin',
    });
    const rendered = await api.context.files.media.describeImage(
      new Uint8Array(await opened.arrayBuffer()),
    );
    expect(rendered).toMatchObject({ format: 'jpeg', width: 64, height: 64 });
  });

  test('image link: rendered once, then served from storage with ranges and ETag', async () => {
    const id = await uploadImage();
    let times = 0;
    const { transformImage } = api.context.files.media;
    api.replaced.media = {
      transformImage: (...parameters) => {
        times++;
        return transformImage(...parameters);
      },
    };
    const request = () => api.createLink(own.agent, id, { image: { width: 160 } });
    const { url } = (await (await request()).json()) as { url: string };
    const all = await Promise.all([
      api.fetchUrl(url),
      ...[request(), request(), request()].map((one) => api.fetchLink(one)),
    ]);
    const bodies = await Promise.all(all.map(async (one) => Buffer.from(await one.arrayBuffer())));
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const again = await api.fetchUrl(url);
    const image = Buffer.from(await again.arrayBuffer());
    expect(bodies.every((body) => body.equals(image))).toBe(true);
    const part = await api.fetchUrl(url, { headers: { Range: 'bytes=4-9' } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer()).equals(image.subarray(4, 10))).toBe(true);
    const headers = { 'If-None-Match': again.headers.get('ETag') ?? '' };
    expect((await api.fetchUrl(url, { headers })).status).toBe(304);
    const head = await api.fetchUrl(url, { method: 'HEAD' });
    expect(head.headers.get('Content-Length')).toBe(String(image.length));
    expect(times).toBe(1);
    delete api.replaced.media;
  });
});
