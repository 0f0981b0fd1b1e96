import { expect, test } from 'bun:test';
import type { SignedUpload } from '../storage-provider.ts';
import { type Harness, textType } from './harness.ts';

const aMinute = { expiresInSeconds: 60 };
const bytes = (text: string) => new TextEncoder().encode(text);

/** Tests `signDownload` and `signUpload`. */
export function describeSigning(harness: Harness): void {
  describeSignedDownloads(harness);
  describeSignedScope(harness);
  describeSignedUploads(harness);
  describeInvalidOptions(harness);
}

function describeSignedDownloads(harness: Harness): void {
  const { storage, put, request } = harness;

  test('a signed download returns the file and ranges of it, repeatedly', async () => {
    await put('sign/a', '0123456789');
    const url = await storage().signDownload('sign/a', aMinute);
    const response = await request(url);
    expect([response.status, await response.text()]).toEqual([200, '0123456789']);
    if (harness.isLimitSigned('type')) {
      expect(response.headers.get('Content-Type')).toStartWith('text/plain');
    }
    const part = await request(url, { headers: { Range: 'bytes=2-4' } });
    expect([part.status, await part.text()]).toEqual([206, '234']);
  });

  test('a signed download sends a file name with any characters', async () => {
    await put('sign/named', 'x');
    const fileName = 'Ünï & “q” 100% (1).txt';
    const url = await storage().signDownload('sign/named', { ...aMinute, fileName });
    const response = await request(url);
    await response.text();
    const disposition = response.headers.get('Content-Disposition') ?? '';
    expect(disposition).toStartWith('attachment; ');
    if (harness.isLimitSigned('type'))
      expect(disposition).toContain(encodeURIComponent('Ünï & “q” 100% '));
  });

  test('a signed download can override the type and be inline', async () => {
    if (!harness.isLimitSigned('type')) return;
    await put('sign/shown', 'x');
    const options = { ...aMinute, inline: true, contentType: 'text/csv' };
    const response = await request(await storage().signDownload('sign/shown', options));
    await response.text();
    expect(response.headers.get('Content-Type')).toStartWith('text/csv');
    expect(response.headers.get('Content-Disposition')).toStartWith('inline');
  });

  test('a signed download of a missing file returns 404', async () => {
    const url = await storage().signDownload('sign/nothing', aMinute);
    expect((await request(url)).status).toBe(404);
  });
}

function describeSignedScope(harness: Harness): void {
  const { storage, put, read } = harness;
  const { expectRejected, send } = clientOf(harness);

  test('a signed download is rejected for another key, signature or method', async () => {
    await put('sign/mine', 'mine');
    await put('sign/other', 'other');
    const url = await storage().signDownload('sign/mine', aMinute);
    await expectRejected(url.replace(/(sign(?:\/|%2F))mine/, '$1other'));
    await expectRejected(
      url.replace(/[0-9a-zA-Z](?=[^0-9a-zA-Z]*$)/, (c) => (c === 'a' ? 'b' : 'a')),
    );
    await expectRejected(url.split('?')[0] ?? '');
    await expectRejected(url, { method: 'PUT', body: 'overwritten' });
    await expectRejected(url, { method: 'DELETE' });
    expect([await read('sign/mine'), await read('sign/other')]).toEqual(['mine', 'other']);
  });

  test('signed URLs are rejected after they expire', async () => {
    await put('sign/late', 'x');
    const url = await storage().signDownload('sign/late', { expiresInSeconds: 1 });
    const upload = await storage().signUpload('sign/late', { expiresInSeconds: 1, ...textType });
    await Bun.sleep(2100);
    await expectRejected(url);
    expect((await send(upload, bytes('late'))).status).toBeGreaterThanOrEqual(400);
    expect(await read('sign/late')).toBe('x');
  });
}

function describeSignedUploads(harness: Harness): void {
  const { storage, put, read } = harness;
  const { expectRejected, send } = clientOf(harness);

  test('a signed upload stores the file', async () => {
    const text = 'sent directly';
    const sizeBytes = text.length;
    const upload = await storage().signUpload('sign/up', { ...aMinute, ...textType, sizeBytes });
    expect((await send(upload, bytes(text))).ok).toBe(true);
    expect(await read('sign/up')).toBe(text);
    const expected = harness.isLimitSigned('type') ? { sizeBytes, ...textType } : { sizeBytes };
    expect(await storage().metadata('sign/up')).toMatchObject(expected);
  });

  test('a signed upload is rejected for another key, and allows no download', async () => {
    await put('sign/upload', 'kept');
    await put('sign/other', 'other');
    const upload = await storage().signUpload('sign/upload', { ...aMinute, ...textType });
    const other = JSON.parse(JSON.stringify(upload).replaceAll('sign/upload', 'sign/other'));
    expect((await send(other, bytes('moved'))).status).toBeGreaterThanOrEqual(400);
    await expectRejected(upload.url);
    expect([await read('sign/upload'), await read('sign/other')]).toEqual(['kept', 'other']);
  });

  test('a signed upload with another type or size is rejected', async () => {
    if (!harness.isLimitSigned('size')) return;
    const options = { ...aMinute, ...textType, sizeBytes: 4 };
    const upload = await storage().signUpload('sign/bound', options);
    expect((await send(upload, bytes('12345'))).status).toBeGreaterThanOrEqual(400);
    expect((await send(upload, bytes('123'))).status).toBeGreaterThanOrEqual(400);
    const html = { ...upload, headers: { ...upload.headers, 'Content-Type': 'text/html' } };
    expect((await send(html, bytes('1234'))).status).toBeGreaterThanOrEqual(400);
    expect(await storage().exists('sign/bound')).toBe(false);
    expect((await send(upload, bytes('1234'))).ok).toBe(true);
  });
}

function describeInvalidOptions({ storage }: Harness): void {
  test.each([[0], [-1], [1.5], [Number.NaN], [8 * 86_400]])(
    'expiresInSeconds %p is rejected with 422',
    async (expiresInSeconds) => {
      const invalid = { status: 422 };
      const options = { expiresInSeconds, ...textType };
      await expect(storage().signDownload('sign/a', options)).rejects.toMatchObject(invalid);
      await expect(storage().signUpload('sign/a', options)).rejects.toMatchObject(invalid);
    },
  );

  test('invalid content types and excessive sizes are rejected', async () => {
    for (const contentType of ['', 'text', 'text/plain\r\nX: y', 'text/plain; a="\n"']) {
      const options = { ...aMinute, contentType };
      await expect(storage().signUpload('sign/a', options)).rejects.toMatchObject({ status: 422 });
      await expect(storage().signDownload('sign/a', options)).rejects.toMatchObject({
        status: 422,
      });
    }
    const options = { ...aMinute, ...textType, sizeBytes: 1e12 };
    await expect(storage().signUpload('sign/a', options)).rejects.toMatchObject({ status: 413 });
  });
}

/** Requests of a client with a signed URL. */
function clientOf({ request }: Harness) {
  async function expectRejected(url: string, options?: RequestInit) {
    const { status } = await request(url, options);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  }

  function send({ url, method, headers, fields }: SignedUpload, body: Uint8Array<ArrayBuffer>) {
    if (!fields) return request(url, { method, headers, body });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('file', new Blob([body], { type: 'text/plain' }), 'file');
    return request(url, { method, headers, body: form });
  }

  return { expectRejected, send };
}
