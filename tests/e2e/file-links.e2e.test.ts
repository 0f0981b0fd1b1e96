import { beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { until } from '../../shared/testing/until.ts';
import {
  call,
  createCookieJar,
  createPhoto,
  isLocalStack,
  type Person,
  password,
  registerOwner,
  run,
  upload,
} from './client.ts';

const ca = readFileSync(run.ca, 'utf8');
/** The replicas themselves, where they can be reached past nginx. */
const apis = run.services.flatMap(({ kind, url }) => (isLocalStack && kind === 'api' ? [url] : []));
let owner: Person;
let photoId: string;

beforeAll(async () => {
  owner = await registerOwner();
  photoId = await ready(await createPhoto(), 'lamp.jpg');
});

async function ready(file: Blob, name: string): Promise<string> {
  const { body } = await upload(owner.token, file, name);
  const { id } = body as unknown as { id: string };
  await until(
    async () => {
      const { body } = await call('GET', `/v1/attachments/${id}`, { token: owner.token });
      return body.status === 'ready';
    },
    { timeoutMs: 30_000 },
  );
  return id;
}

async function link(id: string, body: object = {}): Promise<string> {
  const path = `/v1/attachments/${id}/links`;
  const answer = await call('POST', path, { token: owner.token, body });
  expect(answer.status).toBe(201);
  return answer.body.url;
}

/** Through nginx, by whoever has the address. */
const visit = (url: string, init: RequestInit = {}) =>
  fetch(url, { ...init, redirect: 'manual', tls: { ca } } as RequestInit);

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

test('uploaded HTML is served as a sandboxed download without cookies', async () => {
  const page = '<script>fetch("/v1/me")</script>';
  const id = await ready(new Blob([page]), 'invoice.html');
  const url = await link(id);
  expect(new URL(url).pathname).toStartWith('/files/');
  const jar = createCookieJar();
  const ours = { Origin: new URL(run.url).origin, 'X-Session-Mode': 'cookie' };
  await jar.call('POST', '/v1/auth/login', {
    body: { email: owner.email, password },
    headers: ours,
  });
  expect((await jar.call('GET', '/v1/me')).status).toBe(200);
  const response = await visit(url, { headers: { Cookie: jar.header() } });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(page);
  const { headers } = response;
  expect(headers.get('Content-Disposition')).toStartWith('attachment; filename="invoice.html"');
  expect(headers.get('Content-Security-Policy')).toBe(
    "default-src 'none'; frame-ancestors 'none'; sandbox",
  );
  expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
  expect(headers.getSetCookie()).toEqual([]);
  const bare = new URL(url).pathname;
  for (const more of [{ token: owner.token }, { headers: { Cookie: jar.header() } }]) {
    expect((await call('GET', bare, more)).body).toMatchObject({ code: 'SIGNATURE_INVALID' });
  }
});

test('a signed link of one replica works on every replica with ranges, and fails when changed', async () => {
  const url = await link(photoId);
  const { pathname, search } = new URL(url);
  const whole = await bytesOf(await visit(url));
  for (const api of apis) {
    const part = await fetch(`${api}${pathname}${search}`.replace(/(?<!:)\/\//g, '/'), {
      headers: { Range: 'bytes=1000-1999' },
    });
    expect(part.status).toBe(206);
    expect((await bytesOf(part)).equals(whole.subarray(1000, 2000))).toBe(true);
  }
  const etag = (await visit(url, { method: 'HEAD' })).headers.get('ETag') ?? '';
  expect((await visit(url, { headers: { 'If-None-Match': etag } })).status).toBe(304);
  expect((await visit(url, { headers: { Range: 'bytes=99999999-' } })).status).toBe(416);
  expect((await visit(url.replace(/expires=\d+/, 'expires=9999999999'))).status).toBe(403);
  expect((await visit(url, { method: 'PUT', body: 'overwritten' })).status).toBe(403);
});

test('an image is rendered as requested, without EXIF, and identical on every replica', async () => {
  const image = { width: 320, height: 320, fit: 'cover', format: 'webp' };
  const url = await link(photoId, { image });
  const made = await Promise.all([visit(url), visit(url), visit(url)]);
  expect(made.map(({ status }) => status)).toEqual([200, 200, 200]);
  const [first, ...others] = await Promise.all(made.map(bytesOf));
  expect(first?.subarray(8, 12).toString()).toBe('WEBP');
  expect(first?.includes('Nobody')).toBe(false);
  for (const other of [...others, await bytesOf(await visit(url))]) {
    expect(other.equals(first ?? Buffer.alloc(0))).toBe(true);
  }
  expect((await visit(url.replace('w=320', 'w=2048'))).status).toBe(403);
});
