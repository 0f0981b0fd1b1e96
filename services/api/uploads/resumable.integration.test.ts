import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createMemoryStorage } from '@insightdesk/shared/storage';
import { createTestTenant } from '@insightdesk/shared/testing';
import { openUploadApis, tokenOf } from '../testing/upload-replicas.ts';

const uploads = await openUploadApis();
const signer = uploads.stage.parts.fileUrls;
type Replicas = Awaited<ReturnType<typeof uploads.openReplicas>>;

afterAll(() => uploads.close());

describe('the protocol', () => {
  let api: Replicas;
  beforeAll(async () => {
    api = await uploads.openReplicas(createMemoryStorage({ signer }));
  });
  afterAll(() => api.close());

  const version = { 'Tus-Resumable': '1.0.0' };
  const ask = (method: string, path = '', more: object = {}, body?: string) =>
    fetch(path.startsWith('http') ? path : `${api.door.url}/v1/uploads${path}`, {
      method,
      headers: { ...uploads.headers(), ...version, ...more },
      ...(body !== undefined && { body }),
    });
  const piece = (offset: number) => ({
    'Upload-Offset': String(offset),
    'Content-Type': 'application/offset+octet-stream',
  });
  async function begin(length: number) {
    const answer = await ask('POST', '', { 'Upload-Length': String(length) });
    expect(answer.status).toBe(201);
    return answer.headers.get('Location') ?? '';
  }
  async function refused(answer: Promise<Response>, status: number, code: string) {
    const response = await answer;
    expect(response.headers.get('Content-Type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status, code });
  }

  test('what it can do is told to anybody', async () => {
    const answer = await fetch(`${api.door.url}/v1/uploads`, { method: 'OPTIONS' });
    expect(answer.status).toBe(204);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'tus-version': '1.0.0',
      'tus-extension': 'creation,creation-with-upload,expiration,termination',
      'tus-max-size': '100000000',
    });
    expect(answer.headers.has('Access-Control-Allow-Origin')).toBe(false);
  });

  test('begun at the public address, told apart by nobody else, ended', async () => {
    const at = await begin(10);
    expect(at).toStartWith(`${api.door.url}/v1/uploads/att_`);
    const first = await ask('PATCH', at, piece(0), 'hello');
    expect([first.status, first.headers.get('Upload-Offset')]).toEqual([204, '5']);
    expect(Date.parse(first.headers.get('Upload-Expires') ?? '')).toBeGreaterThan(Date.now());
    for (const method of ['HEAD', 'GET']) {
      const { status, headers } = await ask(method, at);
      expect([status, headers.get('Upload-Offset'), headers.get('Upload-Length')]).toEqual([
        200,
        '5',
        '10',
      ]);
    }
    await refused(ask('PATCH', at, piece(4), 'x'), 409, 'UPLOAD_OFFSET_CONFLICT');
    await refused(ask('PATCH', at, piece(5), 'too many bytes'), 413, 'PAYLOAD_TOO_LARGE');
    expect((await ask('DELETE', at)).status).toBe(204);
    expect((await ask('HEAD', at)).status).toBe(404);
  });

  test('a body with the beginning; one that is whole stays known', async () => {
    const more = { 'Upload-Length': '5', 'Content-Type': 'application/offset+octet-stream' };
    const answer = await ask('POST', '', more, 'hello');
    expect([answer.status, answer.headers.get('Upload-Offset')]).toEqual([201, '5']);
    const at = answer.headers.get('Location') ?? '';
    expect((await ask('HEAD', at)).headers.get('Upload-Offset')).toBe('5');
    await refused(ask('PATCH', at, piece(5), 'x'), 413, 'PAYLOAD_TOO_LARGE');
  });

  test('refused: strangers, no version, no length, too much, nothing, nonsense', async () => {
    const at = await begin(10);
    const { owner: other } = await createTestTenant(uploads.stage.context);
    const stranger = await tokenOf(uploads.stage.context, other);
    const as = { Authorization: `Bearer ${stranger}` };
    for (const method of ['GET', 'DELETE']) await refused(ask(method, at, as), 404, 'NOT_FOUND');
    await refused(ask('PATCH', at, { ...as, ...piece(0) }, 'x'), 404, 'NOT_FOUND');
    await refused(ask('PATCH', at, { Authorization: '' }, 'x'), 401, 'UNAUTHENTICATED');
    await refused(ask('POST', '', { 'Tus-Resumable': '' }), 412, 'TUS_VERSION_REQUIRED');
    await refused(ask('POST'), 400, 'TUS_REQUEST_INVALID');
    await refused(ask('POST', '', { 'Upload-Length': '100000001' }), 413, 'PAYLOAD_TOO_LARGE');
    await refused(ask('POST', '', { 'Upload-Length': '0' }), 422, 'FILE_EMPTY');
    const name = Buffer.from('a\nb').toString('base64');
    const named = { 'Upload-Length': '5', 'Upload-Metadata': `filename ${name}` };
    await refused(ask('POST', '', named), 422, 'VALIDATION_FAILED');
    await refused(ask('GET', '/att_x'), 404, 'NOT_FOUND');
    await refused(ask('GET', '/..%2f..%2fx'), 404, 'NOT_FOUND');
  });
});
