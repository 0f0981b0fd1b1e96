import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import { expectError } from '../testing/expect-error.ts';
import { createIntegrationApi } from '../testing/integration-api.ts';

const api = createIntegrationApi();
const {
  files: { storage, urls: fileUrls },
  settings,
} = api.context;
afterAll(() => api.close());
const { customer } = await api.createTenant();

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

describe('reading', () => {
  test('GET signed file: the bytes with security headers, without cookies', async () => {
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

  test('GET signed file: the signed type; inline only when safe and requested', async () => {
    const shown = await request('GET', read({ contentType: 'image/png', inline: true }));
    expect(shown.headers.get('Content-Type')).toBe('image/png');
    expect(shown.headers.get('Content-Disposition')).toStartWith('inline; filename="original"');
    const saved = await request('GET', read({ contentType: 'image/png' }));
    expect(saved.headers.get('Content-Disposition')).toStartWith('attachment;');
  });

  test('GET signed file: tokens and cookies are ignored', async () => {
    for (const token of ['expired', 'agent']) {
      const headers = { Cookie: '__Host-desk-access=expired' };
      expect((await request('GET', read(), { token, headers })).status).toBe(200);
    }
    await expectError(
      request('GET', `/files/signed/${key}`, { token: 'owner' }),
      403,
      'SIGNATURE_INVALID',
    );
  });

  test('GET signed file: 404 when the file does not exist', async () => {
    const missing = sign({ method: 'GET', key: 'org_1/attachments/att_2/original' });
    await expectError(request('GET', missing), 404, 'FILE_NOT_FOUND');
  });

  test('GET signed file: 403 for a changed type, a PUT signature and an expired one', async () => {
    const signed = read({ contentType: 'image/png' });
    for (const path of [
      signed.replace('image%2Fpng', 'text%2Fhtml'),
      sign({ method: 'PUT', key, contentType: 'text/plain' }),
      '/files/signed/..%2f..%2fetc/passwd',
    ]) {
      await expectError(request('GET', path), 403, 'SIGNATURE_INVALID');
    }
    await expectError(request('GET', sign({ method: 'GET', key }, -5)), 403, 'SIGNATURE_EXPIRED');
  });
});

describe('writing', () => {
  const as = { as: customer };
  const type = { 'Content-Type': 'text/plain' };

  /** Starts a direct upload of five bytes. */
  async function start() {
    const response = await api.request('POST', '/v1/attachments/direct', {
      ...as,
      body: { name: 'a.txt', sizeBytes: 5, contentType: 'text/plain' },
    });
    const { id, url } = (await response.json()) as { id: string; url: string };
    const path = pathOf(url);
    return { id, path, key: path.slice('/files/signed/'.length, path.indexOf('?')) };
  }
  const put = (path: string, body: string, headers: Record<string, string> = {}) =>
    request('PUT', path, {
      body,
      headers: { ...type, 'Content-Length': String(body.length), ...headers },
    });

  /** Sends a body that reports whether it was read. */
  async function putUnread(path: string) {
    let readCount = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          readCount++;
          controller.enqueue(new TextEncoder().encode('12345'));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { ...type, 'Content-Length': '5' };
    const response = await api.app.request(path, { method: 'PUT', body, headers, duplex: 'half' });
    const { code } = (await response.json()) as { code: string };
    return { status: response.status, code, readCount };
  }
  const refused = { status: 410, code: 'UPLOAD_ENDED', readCount: 0 };

  test('PUT signed file: stores the body with the signed type', async () => {
    const { path, key: staged } = await start();
    const response = await put(path, '12345');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ sizeBytes: 5 });
    const stored = { sizeBytes: 5, contentType: 'text/plain' };
    expect(await storage.metadata(staged)).toMatchObject(stored);
  });

  test('PUT signed file: another type or size is rejected and not stored', async () => {
    const { path, key: staged } = await start();
    const html = { 'Content-Type': 'text/html' };
    await expectError(put(path, '12345', html), 415, 'UNSUPPORTED_MEDIA_TYPE');
    await expectError(put(path, '1234'), 400, 'CONTENT_LENGTH_MISMATCH');
    await expectError(put(path, '123456'), 413, 'PAYLOAD_TOO_LARGE');
    const shorter = { 'Content-Length': '5' };
    await expectError(put(path, '123456', shorter), 413, 'PAYLOAD_TOO_LARGE');
    expect(await storage.exists(staged)).toBe(false);
  });

  test('PUT signed file: refused before the first byte once the upload was deleted', async () => {
    const { id, path, key: staged } = await start();
    await api.request('DELETE', `/v1/attachments/${id}`, as);
    expect(await putUnread(path)).toEqual(refused);
    expect(await storage.exists(staged)).toBe(false);
  });

  test('PUT signed file: refused before the first byte once the upload was completed', async () => {
    const { id, path } = await start();
    expect((await put(path, '12345')).status).toBe(200);
    await api.request('POST', `/v1/attachments/${id}/complete`, as);
    expect(await putUnread(path)).toEqual(refused);
  });

  test('PUT signed file: deleted when its upload is deleted while the body is sent', async () => {
    const { id, path, key: staged } = await start();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const headers = { ...type, 'Content-Length': '5' };
    const sent = { method: 'PUT', body: readable, headers, duplex: 'half' } as const;
    const response = Promise.resolve(api.app.request(path, sent));
    await writer.write(new TextEncoder().encode('123'));
    await expectError(put(path, '12345'), 409, 'UPLOAD_IN_PROGRESS');
    await api.request('DELETE', `/v1/attachments/${id}`, as);
    await writer.write(new TextEncoder().encode('45'));
    await writer.close();
    await expectError(response, 410, 'UPLOAD_ENDED');
    expect(await storage.exists(staged)).toBe(false);
  });

  test('PUT signed file: 403 for the signature of a download, 410 for a key without an upload', async () => {
    await expectError(put(read(), 'overwritten'), 403, 'SIGNATURE_INVALID');
    const other = sign({ method: 'PUT', key, contentType: 'text/plain' });
    await expectError(put(other, 'overwritten'), 410, 'UPLOAD_ENDED');
    expect(await new Response(await storage.download(key)).text()).toBe(content);
  });

  test('signed file: other methods are 405', async () => {
    const { path } = await start();
    for (const method of ['POST', 'PATCH', 'DELETE']) {
      const response = request(method, path, { body: 'x', headers: type });
      await expectError(response, 405, 'METHOD_NOT_ALLOWED');
    }
  });
});
