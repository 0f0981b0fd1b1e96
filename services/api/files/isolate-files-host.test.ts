import { expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { createTestApi } from '../testing/test-api.ts';

const filesUrl = 'https://files.example';
const filePath = '/files/signed/a?signature=1';
/** Stub storage with one file. */
const files = {
  urls: { verify: async () => ({ method: 'GET', key: 'a' }) },
  storage: {
    metadata: async () => ({ sizeBytes: 1, contentType: 'image/png', modifiedAt: new Date(0) }),
    download: async () => new Blob(['x']).stream(),
  },
};
const { request } = createTestApi(
  [],
  {
    http: {
      publicUrl: 'https://desk.example',
      filesUrl,
      corsOrigins: [],
      jsonLimitBytes: 1_000,
      clientAddress: { from: 'nginx', trusted: ['loopback'] },
    },
  },
  { context: (call) => ({ ...call, files }) as unknown as Context },
);

test('files host: serves files only, and no other host serves them', async () => {
  const get = async (host: string, path: string, origin?: string) => {
    const headers = { Host: host, ...(origin && { Origin: origin }) };
    return request('GET', path, { headers });
  };
  expect((await get('files.example', filePath)).status).toBe(200);
  expect((await get('FILES.example', filePath)).status).toBe(200);
  for (const host of ['desk.example', 'evil.example', 'files.example:444']) {
    expect((await get(host, filePath)).status).toBe(404);
  }
  expect((await get('desk.example', '/verify-email')).status).toBe(200);
  for (const path of ['/verify-email', '/docs', '/v1/me', '/']) {
    expect((await get('files.example', path)).status).toBe(404);
  }
  expect((await get('files.example', '/health/live')).status).toBe(200);
  const ownPage = await get('files.example', filePath, 'https://desk.example');
  expect(ownPage.headers.get('Access-Control-Allow-Origin')).toBe('https://desk.example');
});
