import { expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { openTestApi } from '../testing/test-api.ts';

const filesUrl = 'https://files.example';
const path = '/files/signed/a?signature=1';
/** One file, for everybody. */
const behind = {
  fileUrls: { verify: async () => ({ method: 'GET', key: 'a' }) },
  storage: {
    metadata: async () => ({ sizeBytes: 1, contentType: 'image/png', modifiedAt: new Date(0) }),
    download: async () => new Blob(['x']).stream(),
  },
};
const { ask } = openTestApi(
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
  { context: (call) => ({ ...call, ...behind }) as unknown as Context },
);

test('files are at their own host alone, and nothing else is there', async () => {
  const at = async (host: string, wanted: string, origin?: string) => {
    const headers = { Host: host, ...(origin && { Origin: origin }) };
    return ask('GET', wanted, { headers });
  };
  expect((await at('files.example', path)).status).toBe(200);
  expect((await at('FILES.example', path)).status).toBe(200);
  for (const host of ['desk.example', 'evil.example', 'files.example:444']) {
    expect((await at(host, path)).status).toBe(404);
  }
  expect((await at('desk.example', '/verify-email')).status).toBe(200);
  for (const wanted of ['/verify-email', '/docs', '/v1/me', '/']) {
    expect((await at('files.example', wanted)).status).toBe(404);
  }
  expect((await at('files.example', '/health/live')).status).toBe(200);
  const ours = await at('files.example', path, 'https://desk.example');
  expect(ours.headers.get('Access-Control-Allow-Origin')).toBe('https://desk.example');
});
