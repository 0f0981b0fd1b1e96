import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import { createIntegrationApi } from '../testing/integration-api.ts';

const api = createIntegrationApi();
const {
  files: { storage, urls: fileUrls },
  settings,
} = api.context;
afterAll(() => api.close());

interface Asked {
  headers?: Record<string, string>;
  token?: string;
  body?: string;
}
const request = (method: string, path: string, { headers, token, body }: Asked = {}) =>
  api.app.request(path, {
    method,
    headers: { ...(token && { Authorization: `Bearer ${token}` }), ...headers },
    ...(body !== undefined && { body }),
  });

const key = 'org_1/attachments/att_1/original';
const content = '0123456789';
beforeEach(() =>
  storage.upload(key, new TextEncoder().encode(content), { contentType: 'text/html' }),
);

const pathOf = (url: string) => url.replace(settings.filesUrl, '');
const sign = (access: Parameters<typeof fileUrls.sign>[0], seconds = 60) =>
  pathOf(fileUrls.sign(access, seconds));
const read = (more = {}) => sign({ method: 'GET', key, ...more });

async function expectRefused(answer: Response | Promise<Response>, status: number, code: string) {
  const response = await answer;
  expect(await response.json()).toMatchObject({ status, code });
  return response;
}

describe('reading', () => {
  test('the bytes, and nothing that a page of ours could lose', async () => {
    const response = await request('GET', read({ fileName: 'größe.html', inline: true }));
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(content);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html',
      'content-disposition': `attachment; filename="gr__e.html"; filename*=UTF-8''gr%C3%B6%C3%9Fe.html`,
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'cross-origin',
      'x-robots-tag': 'noindex',
    });
    expect(response.headers.get('Cache-Control')).toMatch(
      /^private, max-age=(60|5\d), no-transform$/,
    );
    expect(response.headers.has('Set-Cookie')).toBe(false);
  });

  test('of the type that was signed; shown when that is harmless and was asked for', async () => {
    const shown = await request('GET', read({ contentType: 'image/png', inline: true }));
    expect(shown.headers.get('Content-Type')).toBe('image/png');
    expect(shown.headers.get('Content-Disposition')).toStartWith('inline; filename="original"');
    const saved = await request('GET', read({ contentType: 'image/png' }));
    expect(saved.headers.get('Content-Disposition')).toStartWith('attachment;');
  });

  test('a range, what is known already, HEAD', async () => {
    const part = await request('GET', read(), { headers: { Range: 'bytes=2-4' } });
    expect([part.status, await part.text()]).toEqual([206, '234']);
    const etag = part.headers.get('ETag') ?? '';
    const known = await request('GET', read(), { headers: { 'If-None-Match': etag } });
    expect(known.status).toBe(304);
    const head = await request('HEAD', read());
    expect([head.status, head.headers.get('Content-Length')]).toEqual([200, '10']);
    expect(await head.text()).toBe('');
    await expectRefused(
      request('GET', read(), { headers: { Range: 'bytes=10-' } }),
      416,
      'RANGE_NOT_SATISFIABLE',
    );
  });

  test('tokens and cookies are not looked at, neither good nor bad ones', async () => {
    for (const token of ['expired', 'agent']) {
      const headers = { Cookie: '__Host-desk-access=expired' };
      expect((await request('GET', read(), { token, headers })).status).toBe(200);
    }
    await expectRefused(
      request('GET', `/files/signed/${key}`, { token: 'owner' }),
      403,
      'SIGNATURE_INVALID',
    );
  });

  test('what is not there is 404 to whoever has a link to it', async () => {
    const gone = sign({ method: 'GET', key: 'org_1/attachments/att_2/original' });
    await expectRefused(request('GET', gone), 404, 'FILE_NOT_FOUND');
  });

  test('forged in any part, foreign, expired, of another method', async () => {
    const good = read({ contentType: 'image/png' });
    const forged = [
      good.replace('att_1', 'att_2'),
      good.replace('image%2Fpng', 'text%2Fhtml'),
      good.replace(/expires=\d+/, 'expires=9999999999'),
      good.replace(/signature=[^&]+/, 'signature='),
      good.replace('?', '?inline=true&'),
      `${good}&inline=true`,
      good.replace(/[\w-]{43}$/, 'A'.repeat(43)),
      sign({ method: 'PUT', key, contentType: 'text/plain' }),
      `/files/signed/${key}`,
      '/files/signed/..%2f..%2fetc/passwd',
    ];
    for (const path of forged) await expectRefused(request('GET', path), 403, 'SIGNATURE_INVALID');
    const old = sign({ method: 'GET', key }, -5);
    await expectRefused(request('GET', old), 403, 'SIGNATURE_EXPIRED');
  });
});

describe('writing', () => {
  const other = 'org_1/incoming/1';
  const type = { 'Content-Type': 'text/plain' };
  const write = (more = {}) =>
    sign({ method: 'PUT', key: other, contentType: 'text/plain', ...more });
  const put = (path: string, body: string, headers: Record<string, string> = {}) =>
    request('PUT', path, {
      body,
      headers: { ...type, 'Content-Length': String(body.length), ...headers },
    });
  beforeEach(() => storage.delete(other));

  test('stores what was signed for, with its type', async () => {
    const response = await put(write({ maxBytes: 5 }), '12345');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ sizeBytes: 5 });
    expect(await storage.metadata(other)).toMatchObject({
      sizeBytes: 5,
      contentType: 'text/plain',
    });
  });

  test('another type, more than was signed, not exactly as much: nothing is stored', async () => {
    const html = { 'Content-Type': 'text/html' };
    await expectRefused(put(write(), 'x', html), 415, 'UNSUPPORTED_MEDIA_TYPE');
    await expectRefused(put(write({ maxBytes: 5 }), '123456'), 413, 'PAYLOAD_TOO_LARGE');
    await expectRefused(
      put(write({ maxBytes: 5 }), '123456', { 'Content-Length': '5' }),
      413,
      'PAYLOAD_TOO_LARGE',
    );
    await expectRefused(put(write({ sizeBytes: 5 }), '1234'), 400, 'CONTENT_LENGTH_MISMATCH');
    await expectRefused(put(write({ sizeBytes: 5 }), '123456'), 413, 'PAYLOAD_TOO_LARGE');
    expect(await storage.exists(other)).toBe(false);
  });

  test('a link for reading writes nothing, nor does a forged one', async () => {
    await expectRefused(put(read(), 'overwritten'), 403, 'SIGNATURE_INVALID');
    const bound = write({ maxBytes: 5 });
    for (const path of [
      bound.replace('maxBytes=5', 'maxBytes=500'),
      bound.replace('&maxBytes=5', ''),
      bound.replace('incoming/1', 'incoming/2'),
    ]) {
      expect(path).not.toBe(bound);
      await expectRefused(put(path, '123456'), 403, 'SIGNATURE_INVALID');
    }
    expect(await new Response(await storage.download(key)).text()).toBe(content);
  });

  test('no other method does anything', async () => {
    for (const method of ['POST', 'PATCH', 'DELETE']) {
      await expectRefused(request(method, write(), { body: 'x', headers: type }), 404, 'NOT_FOUND');
    }
  });
});
