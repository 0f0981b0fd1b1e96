import { expect, test } from 'bun:test';
import type { SignedUpload } from '../storage-provider.ts';
import { type Harness, textType } from './harness.ts';

const aMinute = { expiresInSeconds: 60 };
const bytes = (text: string) => new TextEncoder().encode(text);

/** Addresses that give away one file, or the place for one. */
export function describeSigning(harness: Harness): void {
  describeReads(harness);
  describeBounds(harness);
  describeWrites(harness);
  describeRefusals(harness);
}

function describeReads(harness: Harness): void {
  const { storage, put, request } = harness;

  test('an address gives the bytes, whole and in part, again and again', async () => {
    await put('sign/a', '0123456789');
    const url = await storage().signDownload('sign/a', aMinute);
    const answer = await request(url);
    expect([answer.status, await answer.text()]).toEqual([200, '0123456789']);
    if (harness.binds('type')) {
      expect(answer.headers.get('Content-Type')).toStartWith('text/plain');
    }
    const part = await request(url, { headers: { Range: 'bytes=2-4' } });
    expect([part.status, await part.text()]).toEqual([206, '234']);
  });

  test('an address names its file, in any language', async () => {
    await put('sign/named', 'x');
    const fileName = 'Ünï & “q” 100% (1).txt';
    const url = await storage().signDownload('sign/named', { ...aMinute, fileName });
    const answer = await request(url);
    await answer.text();
    const disposition = answer.headers.get('Content-Disposition') ?? '';
    expect(disposition).toStartWith('attachment; ');
    if (harness.binds('type')) expect(disposition).toContain(encodeURIComponent('Ünï & “q” 100% '));
  });

  test('an address may give another type, and be shown', async () => {
    if (!harness.binds('type')) return;
    await put('sign/shown', 'x');
    const options = { ...aMinute, inline: true, contentType: 'text/csv' };
    const answer = await request(await storage().signDownload('sign/shown', options));
    await answer.text();
    expect(answer.headers.get('Content-Type')).toStartWith('text/csv');
    expect(answer.headers.get('Content-Disposition')).toStartWith('inline');
  });

  test('an address of nothing finds nothing', async () => {
    const url = await storage().signDownload('sign/nothing', aMinute);
    expect((await request(url)).status).toBe(404);
  });
}

function describeBounds(harness: Harness): void {
  const { storage, put, read } = harness;
  const { expectRefused, send } = clientOf(harness);

  test('an address opens no other file, with no other signature, for no other verb', async () => {
    await put('sign/mine', 'mine');
    await put('sign/other', 'other');
    const url = await storage().signDownload('sign/mine', aMinute);
    await expectRefused(url.replace(/(sign(?:\/|%2F))mine/, '$1other'));
    await expectRefused(
      url.replace(/[0-9a-zA-Z](?=[^0-9a-zA-Z]*$)/, (c) => (c === 'a' ? 'b' : 'a')),
    );
    await expectRefused(url.split('?')[0] ?? '');
    await expectRefused(url, { method: 'PUT', body: 'overwritten' });
    await expectRefused(url, { method: 'DELETE' });
    expect([await read('sign/mine'), await read('sign/other')]).toEqual(['mine', 'other']);
  });

  test('an address expires', async () => {
    await put('sign/late', 'x');
    const url = await storage().signDownload('sign/late', { expiresInSeconds: 1 });
    const upload = await storage().signUpload('sign/late', { expiresInSeconds: 1, ...textType });
    await Bun.sleep(2100);
    await expectRefused(url);
    expect((await send(upload, bytes('late'))).status).toBeGreaterThanOrEqual(400);
    expect(await read('sign/late')).toBe('x');
  });
}

function describeWrites(harness: Harness): void {
  const { storage, put, read } = harness;
  const { expectRefused, send } = clientOf(harness);

  test('a place takes the bytes of whoever has its address', async () => {
    const text = 'sent directly';
    const sizeBytes = text.length;
    const upload = await storage().signUpload('sign/up', { ...aMinute, ...textType, sizeBytes });
    expect((await send(upload, bytes(text))).ok).toBe(true);
    expect(await read('sign/up')).toBe(text);
    const expected = harness.binds('type') ? { sizeBytes, ...textType } : { sizeBytes };
    expect(await storage().metadata('sign/up')).toMatchObject(expected);
  });

  test('a place is no other place, and gives nothing away', async () => {
    await put('sign/place', 'kept');
    await put('sign/other', 'other');
    const upload = await storage().signUpload('sign/place', { ...aMinute, ...textType });
    const other = JSON.parse(JSON.stringify(upload).replaceAll('sign/place', 'sign/other'));
    expect((await send(other, bytes('moved'))).status).toBeGreaterThanOrEqual(400);
    await expectRefused(upload.url);
    expect([await read('sign/place'), await read('sign/other')]).toEqual(['kept', 'other']);
  });

  test('a place takes no other type and no other size than it was made for', async () => {
    if (!harness.binds('size')) return;
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

function describeRefusals({ storage }: Harness): void {
  test.each([[0], [-1], [1.5], [Number.NaN], [8 * 86_400]])(
    '%p seconds are refused',
    async (expiresInSeconds) => {
      const invalid = { status: 422 };
      const options = { expiresInSeconds, ...textType };
      await expect(storage().signDownload('sign/a', options)).rejects.toMatchObject(invalid);
      await expect(storage().signUpload('sign/a', options)).rejects.toMatchObject(invalid);
    },
  );

  test('types that could break a header, and too many bytes, are refused', async () => {
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

/** Whoever was given an address. */
function clientOf({ request }: Harness) {
  async function expectRefused(url: string, options?: RequestInit) {
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

  return { expectRefused, send };
}
