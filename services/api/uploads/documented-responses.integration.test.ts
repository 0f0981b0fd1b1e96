import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { openFilesApi } from '../testing/files-api.ts';
import { routes } from '../routes.ts';
import { testPromises } from '../testing/integration-api.ts';

const api = await openFilesApi();
let own: Awaited<ReturnType<typeof api.openTenant>>;
beforeAll(async () => {
  own = await api.openTenant();
});
afterAll(() => api.close());

const contentType = 'application/offset+octet-stream';
type Asked = { headers?: Record<string, string>; body?: string };

/** What the document says of headers is so: these answers tell all that they may. */
async function ask(
  method: 'POST' | 'GET' | 'PATCH' | 'DELETE' | 'OPTIONS',
  path: string,
  more: Asked = {},
) {
  const headers = { 'Tus-Resumable': '1.0.0', ...more.headers };
  const response = await api.ask(method, path, { as: own.customer, ...more, headers });
  const pattern = path.replace(/att_\w+/, ':id');
  const { protocol } = routes.find((one) => one.method === method && one.path === pattern) ?? {};
  const told = Object.keys(protocol?.tells ?? {});
  return { response, missing: told.filter((name) => !response.headers.has(name)) };
}

async function begin(more: Asked = {}) {
  const headers = {
    'Upload-Length': '10',
    'Upload-Metadata': 'filename YS50eHQ=',
    ...more.headers,
  };
  const { response, missing } = await ask('POST', '/v1/uploads', { ...more, headers });
  expect(response.status).toBe(201);
  return { path: new URL(response.headers.get('Location') ?? '').pathname, missing };
}

test('an upload from its beginning to its end, as the document says', async () => {
  const { path, missing } = await begin({
    body: 'hello',
    headers: { 'Content-Type': contentType },
  });
  expect(missing).toEqual([]);
  const looked = await ask('GET', path);
  expect([looked.response.status, looked.missing]).toEqual([200, []]);
  const headers = { 'Content-Type': contentType, 'Upload-Offset': '5' };
  const sent = await ask('PATCH', path, { headers, body: 'wor' });
  expect([sent.response.status, sent.missing]).toEqual([204, []]);
  const ended = await ask('DELETE', path);
  expect([ended.response.status, ended.missing]).toEqual([204, []]);
  expect((await ask('GET', path)).response.status).toBe(404);
});

test('without a body it is begun only', async () => {
  expect((await begin()).missing).toEqual(['Upload-Offset']);
});

test('what can be done is told to anybody', async () => {
  const { response, missing } = await ask('OPTIONS', '/v1/uploads');
  expect([response.status, missing]).toEqual([204, []]);
});

test('what it refuses, as the document says', async () => {
  const length = { 'Upload-Length': 'much' };
  expect((await ask('POST', '/v1/uploads', { headers: length })).response.status).toBe(400);
  const much = { 'Upload-Length': '1000000000000' };
  expect((await ask('POST', '/v1/uploads', { headers: much })).response.status).toBe(413);
  const { path } = await begin();
  const send = async (offset: string, body: string) => {
    const told = { 'Upload-Offset': offset, 'Content-Length': `${body.length}` };
    const headers = { 'Content-Type': contentType, ...told };
    return (await ask('PATCH', path, { headers, body })).response.status;
  };
  expect(await send('far', 'hello')).toBe(400);
  expect(await send('5', 'hello')).toBe(409);
  expect(await send('0', 'more than ten')).toBe(413);
});

test('more bytes than are to come are too many, also where their number is not told', async () => {
  const { path } = await begin();
  const headers = { 'Content-Type': contentType, 'Upload-Offset': '0' };
  const { response } = await ask('PATCH', path, { headers, body: 'more than ten' });
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  expect((await ask('GET', path)).response.headers.get('Upload-Offset')).toBe('0');
});

test('what is part of a message is not taken back', async () => {
  const told = { 'Upload-Length': '5', 'Content-Type': contentType };
  const { path } = await begin({ body: 'hello', headers: told });
  const attachmentId = path.split('/').at(-1) as Id<'att'>;
  await api.check(own.customer, attachmentId);
  const body = { subject: 'S', body: 'B', attachmentIds: [attachmentId] };
  expect((await api.ask('POST', '/v1/conversations', { as: own.customer, body })).status).toBe(201);
  expect((await ask('DELETE', path)).response.status).toBe(409);
});

testPromises(api, '/v1/uploads');
