import { afterAll, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { routes } from '../routes.ts';
import { expectError } from '../testing/expect-error.ts';
import { createFilesApi } from '../testing/files-api.ts';
import { testDocumentedResponses } from '../testing/integration-api.ts';

const api = await createFilesApi();
const [own, other] = await Promise.all([api.createTenant(), api.createTenant()]);
afterAll(() => api.close());

const contentType = 'application/offset+octet-stream';
const offset = (bytes: number) => ({ 'Content-Type': contentType, 'Upload-Offset': `${bytes}` });

interface Options {
  as?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Sends a tus request; `missing` are the documented response headers that it lacks. */
async function request(
  method: 'POST' | 'GET' | 'PATCH' | 'DELETE' | 'OPTIONS',
  path: string,
  options: Options = {},
) {
  const headers = { 'Tus-Resumable': '1.0.0', ...options.headers };
  const response = await api.request(method, path, { as: own.customer, ...options, headers });
  const pattern = path.replace(/att_\w+/, ':id');
  const route = routes.find((one) => one.method === method && one.path === pattern);
  const documented = Object.keys(route?.protocol?.responseHeaders ?? {});
  return { response, missing: documented.filter((name) => !response.headers.has(name)) };
}

async function send(...parameters: Parameters<typeof request>): Promise<Response> {
  return (await request(...parameters)).response;
}

async function create(options: Options = {}) {
  const headers = {
    'Upload-Length': '10',
    'Upload-Metadata': 'filename YS50eHQ=',
    ...options.headers,
  };
  const { response, missing } = await request('POST', '/v1/uploads', { ...options, headers });
  expect(response.status).toBe(201);
  return { url: response.headers.get('Location') ?? '', missing, response };
}

async function createPath(options?: Options) {
  return new URL((await create(options)).url).pathname;
}

test('uploads: created, continued and deleted, with all documented headers', async () => {
  const { url, missing } = await create({
    body: 'hello',
    headers: { 'Content-Type': contentType },
  });
  expect(missing).toEqual([]);
  expect(url).toStartWith(`${api.options.config.http.publicUrl}/v1/uploads/att_`);
  const path = new URL(url).pathname;
  const read = await request('GET', path);
  expect([read.response.status, read.missing]).toEqual([200, []]);
  const sent = await request('PATCH', path, { headers: offset(5), body: 'wor' });
  expect([sent.response.status, sent.missing]).toEqual([204, []]);
  expect(sent.response.headers.get('Upload-Offset')).toBe('8');
  const expiresAt = Date.parse(sent.response.headers.get('Upload-Expires') ?? '');
  expect(expiresAt).toBeGreaterThan(Date.now());
  const deleted = await request('DELETE', path);
  expect([deleted.response.status, deleted.missing]).toEqual([204, []]);
  expect((await send('GET', path)).status).toBe(404);
});

test('HEAD and GET /v1/uploads/:id: return offset and length', async () => {
  const path = await createPath({ body: 'hello', headers: { 'Content-Type': contentType } });
  for (const method of ['HEAD', 'GET']) {
    const headers = { 'Tus-Resumable': '1.0.0', Authorization: `Bearer ${own.customer}` };
    const response = await api.app.request(path, { method, headers });
    const values = ['Upload-Offset', 'Upload-Length'].map((name) => response.headers.get(name));
    expect([response.status, ...values]).toEqual([200, '5', '10']);
  }
});

test('POST /v1/uploads: without a body the upload is only created', async () => {
  expect((await create()).missing).toEqual(['Upload-Offset']);
});

test('POST /v1/uploads: a complete upload keeps its offset and takes no more bytes', async () => {
  const headers = { 'Upload-Length': '5', 'Content-Type': contentType };
  const { response, url } = await create({ body: 'hello', headers });
  expect(response.headers.get('Upload-Offset')).toBe('5');
  const { pathname } = new URL(url);
  expect((await send('GET', pathname)).headers.get('Upload-Offset')).toBe('5');
  const more = send('PATCH', pathname, { headers: offset(5), body: 'x' });
  await expectError(more, 413, 'PAYLOAD_TOO_LARGE');
});

test('OPTIONS /v1/uploads: describes the server without credentials', async () => {
  const { response, missing } = await request('OPTIONS', '/v1/uploads', { as: '' });
  expect([response.status, missing]).toEqual([204, []]);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'tus-version': '1.0.0',
    'tus-extension': 'creation,creation-with-upload,expiration,termination',
    'tus-max-size': `${api.context.limits.maxFileBytes}`,
  });
  expect(response.headers.has('Access-Control-Allow-Origin')).toBe(false);
});

test('POST /v1/uploads: invalid lengths, versions and metadata are rejected', async () => {
  const post = (headers: Record<string, string>) => send('POST', '/v1/uploads', { headers });
  await expectError(post({}), 400, 'TUS_REQUEST_INVALID');
  await expectError(post({ 'Upload-Length': 'much' }), 400, 'TUS_REQUEST_INVALID');
  const tooLarge = `${api.context.limits.maxFileBytes + 1}`;
  await expectError(post({ 'Upload-Length': tooLarge }), 413, 'PAYLOAD_TOO_LARGE');
  await expectError(post({ 'Upload-Length': '0' }), 422, 'FILE_EMPTY');
  await expectError(post({ 'Tus-Resumable': '' }), 412, 'TUS_VERSION_REQUIRED');
  const name = Buffer.from('a\nb').toString('base64');
  const named = { 'Upload-Length': '5', 'Upload-Metadata': `filename ${name}` };
  await expectError(post(named), 422, 'VALIDATION_FAILED');
});

test('PATCH /v1/uploads/:id: a wrong offset is 400 or 409, too many bytes 413', async () => {
  const path = await createPath();
  const patch = (value: string, body: string) => {
    const headers = {
      'Content-Type': contentType,
      'Upload-Offset': value,
      'Content-Length': `${body.length}`,
    };
    return send('PATCH', path, { headers, body });
  };
  await expectError(patch('far', 'hello'), 400, 'TUS_REQUEST_INVALID');
  await expectError(patch('5', 'hello'), 409, 'UPLOAD_OFFSET_CONFLICT');
  await expectError(patch('0', 'more than ten'), 413, 'PAYLOAD_TOO_LARGE');
});

test('PATCH /v1/uploads/:id: too many bytes without Content-Length are 413 and not stored', async () => {
  const path = await createPath();
  const response = send('PATCH', path, { headers: offset(0), body: 'more than ten' });
  await expectError(response, 413, 'PAYLOAD_TOO_LARGE');
  expect((await send('GET', path)).headers.get('Upload-Offset')).toBe('0');
});

test('uploads: 404 for other tenants and unknown ids, 401 without credentials', async () => {
  const path = await createPath();
  for (const as of [other.owner, own.owner]) {
    await expectError(send('GET', path, { as }), 404, 'NOT_FOUND');
    await expectError(send('DELETE', path, { as }), 404, 'NOT_FOUND');
    const patch = send('PATCH', path, { as, headers: offset(0), body: 'x' });
    await expectError(patch, 404, 'NOT_FOUND');
  }
  await expectError(send('GET', '/v1/uploads/att_x'), 404, 'NOT_FOUND');
  await expectError(send('GET', '/v1/uploads/..%2f..%2fx'), 404, 'NOT_FOUND');
  const anonymous = send('PATCH', path, { as: '', headers: offset(0), body: 'x' });
  await expectError(anonymous, 401, 'UNAUTHENTICATED');
});

test('DELETE /v1/uploads/:id: 409 for an attachment of a message', async () => {
  const path = await createPath({
    body: 'hello',
    headers: { 'Upload-Length': '5', 'Content-Type': contentType },
  });
  const attachmentId = path.split('/').at(-1) as Id<'att'>;
  await api.process(own.customer, attachmentId);
  const body = { subject: 'S', body: 'B', attachmentIds: [attachmentId] };
  const created = await api.request('POST', '/v1/conversations', { as: own.customer, body });
  expect(created.status).toBe(201);
  expect((await send('DELETE', path)).status).toBe(409);
});

testDocumentedResponses(api, 'uploads');
