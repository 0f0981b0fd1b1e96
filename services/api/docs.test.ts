import { describe, expect, test } from 'bun:test';
import { routes } from './routes.ts';
import { createTestApi } from './testing/test-api.ts';

const { request } = createTestApi(routes);

describe('/openapi.json', () => {
  test('GET /openapi.json: 304 for its ETag', async () => {
    const response = await request('GET', '/openapi.json');
    expect(response.headers.get('Content-Type')).toBe('application/json');
    expect(await response.json()).toMatchObject({ openapi: '3.1.1' });
    const tag = response.headers.get('ETag') ?? '';
    const again = await request('GET', '/openapi.json', { headers: { 'If-None-Match': tag } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  });

  test('GET /openapi.json: the ETag of a compressed response matches', async () => {
    const headers = { 'Accept-Encoding': 'gzip' };
    const zipped = await request('GET', '/openapi.json', { headers });
    expect(zipped.headers.get('Content-Encoding')).toBe('gzip');
    const tag = zipped.headers.get('ETag') ?? '';
    const again = await request('GET', '/openapi.json', {
      headers: { ...headers, 'If-None-Match': tag },
    });
    expect(again.status).toBe(304);
  });
});

test('GET /asyncapi.json: the AsyncAPI document, 304 for its ETag', async () => {
  const response = await request('GET', '/asyncapi.json');
  expect(response.headers.get('Content-Type')).toBe('application/json');
  expect(await response.json()).toMatchObject({ asyncapi: '3.0.0' });
  const headers = { 'If-None-Match': response.headers.get('ETag') ?? '' };
  expect((await request('GET', '/asyncapi.json', { headers })).status).toBe(304);
});

describe('/docs', () => {
  test('GET /docs: no external resources', async () => {
    const response = await request('GET', '/docs');
    const html = await response.text();
    expect(html).not.toMatch(/https?:\/\//);
    const policy = response.headers.get('Content-Security-Policy') ?? '';
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('http');
  });

  test('GET /docs: the script is self-hosted, immutable and precompressed', async () => {
    const html = await (await request('GET', '/docs')).text();
    const path = /<script src="([^"]+)"/.exec(html)?.[1] ?? '';
    expect(path).toMatch(/^\/docs\/scalar-[0-9a-f]{16}\.js$/);
    const plain = await request('GET', path);
    expect(plain.status).toBe(200);
    expect(plain.headers.get('Content-Type')).toStartWith('text/javascript');
    expect(plain.headers.get('Cache-Control')).toContain('immutable');
    const { length } = await plain.bytes();
    expect(length).toBeGreaterThan(1_000_000);
    const zipped = await request('GET', path, { headers: { 'Accept-Encoding': 'gzip, br' } });
    expect(zipped.headers.get('Content-Encoding')).toBe('br');
    expect((await zipped.bytes()).length).toBeLessThan(length / 3);
  });
});
