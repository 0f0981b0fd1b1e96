import { describe, expect, test } from 'bun:test';
import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { get as getRoute } from './route.ts';
import { createTestApi } from './testing/test-api.ts';

const config = { product: { name: 'Tea & Desk' } };
const repeat = defineAction({
  summary: 'Repeat',
  input: z.strictObject({}),
  output: z.object({}),
  allow: 'anyone',
  run: async () => ({}),
});
const { request } = createTestApi([getRoute('/v1/repeat', repeat)], config);
const html = { headers: { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } };

describe('pages behind links in emails', () => {
  test.each(['/invitations/accept', '/reset-password', '/unsubscribe', '/verify-email'])(
    '%s: scripts and styles of this server only, named after the product',
    async (path) => {
      const response = await request('GET', `${path}?token=x`);
      expect(response.status).toBe(200);
      const page = await response.text();
      expect(page).toContain('<html lang="en">');
      expect(page).toContain('· Tea &amp; Desk</title>');
      expect(page).toContain('href="https://desk.example"');
      expect(page).not.toMatch(/\{\{|<script>|<style|style=/);
      const policy = response.headers.get('Content-Security-Policy') ?? '';
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(policy).toContain("form-action 'none'");
      const files = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, file = '']) => file);
      expect(files).toHaveLength(4);
      for (const file of files) expect((await request('GET', file)).status).toBe(200);
    },
  );

  test('pages.css: text has a contrast of 4.5 on its background, light and dark', async () => {
    const page = await (await request('GET', '/verify-email')).text();
    const [, path = ''] = /rel="stylesheet" href="([^"]+)"/.exec(page) ?? [];
    const css = await (await request('GET', path)).text();
    const colors = new Map(
      [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(
        ([, name = '', light = '', dark = '']) => [name, [light, dark]] as const,
      ),
    );
    const pairs = ['text card', 'muted card', 'error card', 'action card', 'on-action action'];
    for (const pair of pairs) {
      const [text, background] = pair.split(' ').map((name) => colors.get(name) ?? []);
      for (const mode of [0, 1]) {
        const ratio = contrast(text?.[mode] ?? '', background?.[mode] ?? '');
        expect([pair, mode, ratio >= 4.5]).toEqual([pair, mode, true]);
      }
    }
  });

  test('GET /favicon.ico and /favicon.svg are images', async () => {
    for (const [path, type] of [
      ['/favicon.ico', 'image/x-icon'],
      ['/favicon.svg', 'image/svg+xml'],
    ] as const) {
      const response = await request('GET', path);
      expect([response.status, response.headers.get('Content-Type')]).toEqual([200, type]);
      expect((await response.bytes()).length).toBeGreaterThan(300);
    }
  });

  test('GET / redirects to /docs', async () => {
    const response = await request('GET', '/');
    expect([response.status, response.headers.get('Location')]).toEqual([302, '/docs']);
  });
});

/** The contrast ratio of WCAG 2.2. */
function contrast(one: string, other: string): number {
  const luminance = (color: string) => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
      return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe('404', () => {
  test('an unknown page is HTML for browsers and a problem for other clients', async () => {
    const page = await request('GET', '/no/such-page', html);
    expect([page.status, page.headers.get('Content-Type')]).toEqual([
      404,
      'text/html; charset=utf-8',
    ]);
    expect(await page.text()).toContain('<title>Page not found · Tea &amp; Desk</title>');
    for (const headers of [{}, { Accept: '*/*' }, { Accept: 'application/json' }]) {
      const problem = await request('GET', '/no/such-page', { headers });
      expect(problem.headers.get('Content-Type')).toBe('application/problem+json');
      expect(await problem.json()).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    }
  });

  test('GET /.well-known/security.txt: only with SECURITY_CONTACT', async () => {
    const path = '/.well-known/security.txt';
    expect((await request('GET', path)).status).toBe(404);
    const http = {
      publicUrl: 'https://desk.example',
      filesUrl: 'https://desk.example',
      corsOrigins: [],
      jsonLimitBytes: 1_000,
      clientAddress: { from: 'none' as const },
      securityContact: 'security@desk.example',
    };
    const response = await createTestApi([], { http }).request('GET', path);
    expect(response.headers.get('Content-Type')).toStartWith('text/plain');
    const text = await response.text();
    expect(text).toStartWith('Contact: mailto:security@desk.example\n');
    const expires = Date.parse(/Expires: (.*)/.exec(text)?.[1] ?? '');
    expect(expires).toBeGreaterThan(Date.now());
    expect(expires).toBeLessThan(Date.now() + 365 * 86_400_000);
  });
});

describe('methods', () => {
  test.each([
    ['POST', '/docs', 'GET, HEAD'],
    ['DELETE', '/v1/repeat', 'GET, HEAD'],
    ['PUT', '/verify-email', 'GET, HEAD'],
    ['POST', '/health', 'GET, HEAD'],
  ])('%s %s is 405 with Allow', async (method, path, allowed) => {
    const response = await request(method, path);
    expect([response.status, response.headers.get('Allow')]).toEqual([405, allowed]);
    expect(await response.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
  });

  test('an unknown method is 501 on every path, and no error in the log', async () => {
    const { request, logLines } = createTestApi([], config);
    for (const path of ['/', '/docs', '/v1/unknown']) {
      expect((await request('PROPFIND', path)).status).toBe(501);
    }
    expect(logLines.map(({ msg }) => msg)).toEqual(['request', 'request', 'request']);
  });
});

describe('HEAD', () => {
  test.each(['/docs', '/openapi.json', '/asyncapi.json', '/verify-email', '/v1/repeat', '/none'])(
    '%s: the headers of GET, with its length',
    async (path) => {
      for (const encoding of ['identity', 'gzip', 'br']) {
        const headers = { 'Accept-Encoding': encoding, 'X-Request-Id': 'same' };
        const [full, head] = await Promise.all([
          request('GET', path, { headers }),
          request('HEAD', path, { headers }),
        ]);
        expect(head.status).toBe(full.status);
        expect([...head.headers].toSorted()).toEqual([...full.headers].toSorted());
        expect(head.headers.get('Content-Length')).toBe(String((await full.bytes()).length));
        expect(await head.text()).toBe('');
      }
    },
  );
});
