import { expect, test } from 'bun:test';
import { createTestApi } from './testing/test-api.ts';

test('GET /example: an accessible page in development, with scripts and styles of this server only', async () => {
  const { request } = createTestApi([], { environment: 'development' });
  const response = await request('GET', '/example');
  expect(response.status).toBe(200);
  const policy = response.headers.get('Content-Security-Policy') ?? '';
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  const page = await response.text();
  expect(page).toContain('<title>Example chat · InsightDesk</title>');
  expect(page).toContain('<meta name="color-scheme" content="light dark">');
  expect(page.match(/<main/g)).toHaveLength(1);
  expect(page).not.toMatch(/\{\{|<script>|<style|style=| on\w+=/);
  const fields = page.match(/<(?:input|select)\b/g) ?? [];
  expect(page.match(/<label>[^<]+<(?:input|select)\b/g)).toHaveLength(fields.length);

  const files = [...page.matchAll(/(?:src|href|data-client)="(\/[^"]+)"/g)].map(
    ([, path = '']) => path,
  );
  expect(files.filter((path) => path.startsWith('/example/'))).toHaveLength(3);
  for (const path of files) expect((await request('GET', path)).status).toBe(200);
  const bundle = await request('GET', files.find((path) => path.includes('client-')) ?? '');
  expect(bundle.headers.get('Content-Type')).toStartWith('text/javascript');
  expect(await bundle.text()).toContain('createClient');
});

test.each(['production', 'staging', 'test', undefined])(
  'GET /example: 404 with NODE_ENV %p, and its files too',
  async (environment) => {
    const { request } = createTestApi([], environment ? { environment } : {});
    for (const path of ['/example', '/example/example-0000000000000000.js']) {
      expect((await request('GET', path)).status).toBe(404);
    }
  },
);
