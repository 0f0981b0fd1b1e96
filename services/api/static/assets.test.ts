import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Context } from '@insightdesk/shared/context';
import { errorHandler } from '@insightdesk/shared/http';
import { Hono } from 'hono';
import type { ApiCaller, ApiEnv } from '../caller.ts';
import { createAssets } from './assets.ts';

const text = 'console.log("parcel");\n'.repeat(1_000);
let directory: string;
let path: string;
const app = new Hono<ApiEnv>();
const log = { error() {} } as unknown as Context['log'];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'insightdesk-assets-'));
  await Bun.write(join(directory, 'app.js'), text);
  await Bun.write(join(directory, 'dot.ico'), new Uint8Array(5_000));
  const assets = createAssets('/assets', {
    'app.js': join(directory, 'app.js'),
    'dot.ico': join(directory, 'dot.ico'),
  });
  path = await assets.path('app.js');
  app.onError(errorHandler<ApiCaller>(log)).route('/', assets.app);
});
afterAll(() => rm(directory, { recursive: true }));

const get = (headers: Record<string, string> = {}, method = 'GET', from = path) =>
  app.request(from, { method, headers });

describe('assets', () => {
  test('assets: the name has the hash of the content and is cached for ever', async () => {
    expect(path).toMatch(/^\/assets\/app-[0-9a-f]{16}\.js$/);
    const { headers } = await get();
    expect(headers.get('Cache-Control')).toContain('max-age=31536000, immutable');
    expect(headers.get('Content-Type')).toStartWith('text/javascript');
  });

  test('assets: another hash gets the current content, not cached; other names are 404', async () => {
    const other = path.replace(/-[0-9a-f]{16}/, `-${'0'.repeat(16)}`);
    const response = await get({}, 'GET', other);
    expect(response.headers.get('Cache-Control')).toContain('no-cache');
    expect(await response.text()).toBe(text);
    for (const name of ['app.js', 'x-0000000000000000.js', '..%2Fapp.js', 'app-0.js']) {
      expect((await get({}, 'GET', `/assets/${name}`)).status).toBe(404);
    }
  });

  test.each([
    ['br, gzip', 'br'],
    ['gzip', 'gzip'],
    ['gzip, br;q=0', 'gzip'],
    ['*', 'br'],
    ['identity', null],
    ['zstd', null],
  ])('assets: Accept-Encoding %s is sent as %p', async (accepted, encoding) => {
    const response = await get({ 'Accept-Encoding': accepted });
    expect(response.headers.get('Content-Encoding')).toBe(encoding);
    const bytes = await response.bytes();
    expect(response.headers.get('Content-Length')).toBe(String(bytes.length));
    const plain = {
      br: () => brotliDecompressSync(bytes),
      gzip: () => gunzipSync(bytes),
      none: () => bytes,
    }[(encoding ?? 'none') as 'br' | 'gzip' | 'none'];
    expect(new TextDecoder().decode(plain())).toBe(text);
    if (encoding) expect(bytes.length).toBeLessThan(text.length / 10);
  });

  test('assets: each encoding has its own ETag, 304 for a match', async () => {
    const tags = new Set<string>();
    for (const accepted of ['identity', 'gzip', 'br']) {
      const headers = { 'Accept-Encoding': accepted };
      const tag = (await get(headers)).headers.get('ETag') ?? '';
      tags.add(tag);
      const again = await get({ ...headers, 'If-None-Match': tag });
      expect([again.status, await again.text()]).toEqual([304, '']);
    }
    expect(tags.size).toBe(3);
  });

  test('assets: a range is one of the plain bytes, 416 outside of them', async () => {
    const part = await get({ Range: 'bytes=8-11', 'Accept-Encoding': 'br' });
    expect([part.status, await part.text()]).toEqual([206, text.slice(8, 12)]);
    expect(part.headers.get('Content-Range')).toBe(`bytes 8-11/${text.length}`);
    expect(part.headers.get('Content-Encoding')).toBeNull();
    const etag = part.headers.get('ETag') ?? '';
    expect((await get({ Range: 'bytes=0-1', 'If-Range': etag })).status).toBe(206);
    expect((await get({ Range: 'bytes=0-1', 'If-Range': '"other"' })).status).toBe(200);
    const outside = await get({ Range: `bytes=${text.length}-` });
    expect(outside.status).toBe(416);
    expect(outside.headers.get('Content-Range')).toBe(`bytes */${text.length}`);
  });

  test('assets: HEAD has the headers of GET and no body', async () => {
    for (const accepted of ['identity', 'gzip', 'br']) {
      const headers = { 'Accept-Encoding': accepted };
      const [full, head] = await Promise.all([get(headers), get(headers, 'HEAD')]);
      expect(await head.text()).toBe('');
      expect([...head.headers]).toEqual([...full.headers]);
    }
  });

  test('assets: images are not compressed', async () => {
    const icon = path.replace(/app-[0-9a-f]{16}.js/, `dot-${'0'.repeat(16)}.ico`);
    const response = await get({ 'Accept-Encoding': 'br' }, 'GET', icon);
    expect(response.headers.get('Content-Encoding')).toBeNull();
    expect((await response.bytes()).length).toBe(5_000);
  });
});
