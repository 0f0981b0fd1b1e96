import { expect, test } from 'bun:test';
import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { deprecated } from './deprecated.ts';
import { describeApi } from './openapi/describe-api.ts';
import { get } from './route.ts';
import { createTestApi } from './testing/test-api.ts';

const list = defineAction({
  summary: 'List things',
  input: z.strictObject({ limit: z.coerce.number().default(1) }),
  output: z.object({ limit: z.number() }),
  allow: 'conversations:read',
  transaction: 'own',
  run: async (_, input) => input,
});

const routes = [
  deprecated(get('/v1/things', list), {
    since: '2026-11-22',
    sunset: '2027-05-22',
    successor: '/v2/things',
  }),
  get('/v2/things', list),
];
const { request } = createTestApi(routes);
const headerNames = ['Deprecation', 'Sunset', 'Link'];

test('deprecated routes respond with deprecation headers, also on errors', async () => {
  for (const query of ['', '?limit=x']) {
    const { headers } = await request('GET', `/v1/things${query}`, { token: 'agent' });
    expect(headerNames.map((name) => headers.get(name))).toEqual([
      '@1795305600',
      'Sat, 22 May 2027 00:00:00 GMT',
      '</v2/things>; rel="successor-version"',
    ]);
  }
  const { headers } = await request('GET', '/v2/things', { token: 'agent' });
  expect(headerNames.map((name) => headers.get(name))).toEqual([null, null, null]);
});

test('OpenAPI: deprecated routes are marked', () => {
  const { paths } = describeApi(routes, { publicUrl: 'https://desk.example' }) as {
    paths: Record<string, { get: { deprecated?: boolean; responses: Record<string, object> } }>;
  };
  expect(paths['/v1/things']?.get.deprecated).toBe(true);
  expect(paths['/v1/things']?.get.responses[200]).toMatchObject({
    headers: { Deprecation: {}, Sunset: {}, Link: {} },
  });
  expect(paths['/v2/things']?.get.deprecated).toBeUndefined();
});
