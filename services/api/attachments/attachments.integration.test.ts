import { afterAll, describe, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { DomainValidationError } from '@insightdesk/shared/errors';
import { newId } from '@insightdesk/shared/utils';
import { expectError } from '../testing/expect-error.ts';
import { createFilesApi } from '../testing/files-api.ts';
import { testDocumentedResponses } from '../testing/integration-api.ts';

const api = await createFilesApi();
const [own, others] = await Promise.all([api.createTenant(), api.createTenant()]);
afterAll(() => api.close());

const dot =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const png = Uint8Array.from(Buffer.from(dot, 'base64'));

function upload(content: Uint8Array<ArrayBuffer> | string, name: string, as = own.customer) {
  const body = new FormData();
  body.append('file', new File([content], name, { type: 'text/html' }));
  return api.request('POST', '/v1/attachments', { as, body });
}

async function uploaded(content: Uint8Array<ArrayBuffer> | string = png, name = 'dot.png') {
  const response = await upload(content, name);
  expect(response.status).toBe(201);
  const attachment = (await response.json()) as { id: Id<'att'>; contentType: string };
  return { ...attachment, path: `/v1/attachments/${attachment.id}` };
}

const organization = async () =>
  (await api.context.security.tokens.verifyAccess(own.owner)).tenantId;

const read = (path: string, headers = {}, as = own.customer) =>
  api.request('GET', `${path}/content`, { as, headers });

describe('upload', () => {
  test('POST /v1/attachments: 201 with the content type detected from the bytes', async () => {
    expect(await uploaded()).toMatchObject({ contentType: 'image/png', status: 'pending' });
    expect((await uploaded('<script>alert(1)</script>', 'a.html')).contentType).not.toContain(
      'html',
    );
  });

  test('POST /v1/attachments: 422 for a mismatched, truncated or empty file', async () => {
    await expectError(upload('just text', 'photo.png'), 422, 'CONTENT_TYPE_MISMATCH');
    expect((await upload(png.slice(0, 50), 'dot.png')).status).toBe(422);
    await expectError(upload('', 'a.txt'), 422, 'FILE_EMPTY');
  });

  test('POST /v1/attachments: 422 for an unknown field or a second file', async () => {
    const field = new FormData();
    field.append('photo', new File([png], 'dot.png'));
    const two = new FormData();
    for (const name of ['a.png', 'b.png']) two.append('file', new File([png], name));
    for (const body of [field, two]) {
      const answer = api.request('POST', '/v1/attachments', { as: own.agent, body });
      await expectError(answer, 422, 'VALIDATION_FAILED');
    }
  });

  test('POST /v1/attachments: 400 without a file, 415 for JSON', async () => {
    const empty = new FormData();
    expect(
      (await api.request('POST', '/v1/attachments', { as: own.agent, body: empty })).status,
    ).toBe(400);
    const answer = api.request('POST', '/v1/attachments', { as: own.agent, body: {} });
    await expectError(answer, 415, 'UNSUPPORTED_MEDIA_TYPE');
  });

  test('POST /v1/attachments: 413 while streaming a file over the limit', async () => {
    const { maxFileBytes } = api.context.limits;
    await expectError(upload(new Uint8Array(maxFileBytes + 1), 'a.bin'), 413, 'PAYLOAD_TOO_LARGE');
  });
});

describe('content', () => {
  test('GET content: the exact bytes, inline only for safe types', async () => {
    const { id, path } = await uploaded();
    await api.process(own.customer, id);
    const image = await read(path);
    expect(image.headers.get('Content-Disposition')).toStartWith('inline');
    expect(Buffer.from(await image.arrayBuffer()).equals(png)).toBe(true);
    const page = await read((await uploaded('<b>bold</b>', 'größe.html')).path);
    expect(page.headers.get('Content-Disposition')).toBe(
      `attachment; filename="gr__e.html"; filename*=UTF-8''gr%C3%B6%C3%9Fe.html`,
    );
    expect(await page.text()).toBe('<b>bold</b>');
  });

  test('GET content: 409 while pending and after rejection', async () => {
    const { id, path } = await uploaded();
    await expectError(read(path), 409, 'ATTACHMENT_PENDING');
    api.replaced.media = {
      createVariants: () =>
        Promise.reject(new DomainValidationError('No', { code: 'IMAGE_CORRUPT' })),
    };
    await api.process(own.customer, id);
    for (const as of [own.customer, own.owner]) {
      await expectError(read(path, {}, as), 409, 'ATTACHMENT_REJECTED');
    }
    delete api.replaced.media;
  });

  test('GET content: ranges (206, 416) and If-None-Match (304)', async () => {
    const { path } = await uploaded('0123456789', 'a.txt');
    const part = await read(path, { Range: 'bytes=2-4' });
    expect(part.status).toBe(206);
    expect(await part.text()).toBe('234');
    await expectError(read(path, { Range: 'bytes=10-' }), 416, 'RANGE_NOT_SATISFIABLE');
    const etag = part.headers.get('ETag');
    expect((await read(path, { 'If-None-Match': etag })).status).toBe(304);
  });

  test('GET content: 404 for unknown attachments, variants and other users', async () => {
    const { id, path } = await uploaded();
    await api.process(own.customer, id);
    const variant = `${path}/content?variant=huge`;
    await expectError(api.request('GET', variant, { as: own.customer }), 404, 'NOT_FOUND');
    await expectError(read(`/v1/attachments/${newId('att')}`), 404, 'NOT_FOUND');
    for (const as of [await own.addMember('customer'), others.owner]) {
      await expectError(api.request('GET', path, { as }), 404, 'NOT_FOUND');
      await expectError(read(path, {}, as), 404, 'NOT_FOUND');
    }
  });
});

describe('direct upload', () => {
  const start = (body: object, as = own.customer) =>
    api.request('POST', '/v1/attachments/direct', { as, body });
  const file = { name: 'a.txt', sizeBytes: 5 };

  test('direct upload: started, stored, completed and deleted by its owner only', async () => {
    const started = await start(file);
    expect(started.status).toBe(201);
    const { id } = (await started.json()) as { id: string };
    const path = `/v1/attachments/${id}`;
    const complete = (as = own.customer) =>
      api.request('POST', `${path}/complete`, { as, body: {} });
    await expectError(complete(), 409, 'NOT_UPLOADED');
    const key = `${await organization()}/attachments/${id}/staged`;
    const bytes = new TextEncoder().encode('hello');
    await api.context.files.storage.upload(key, bytes, { contentType: 'text/plain' });
    for (const as of [own.agent, others.customer])
      await expectError(complete(as), 404, 'NOT_FOUND');
    const done = await complete();
    expect(done.status).toBe(200);
    expect(await done.json()).toMatchObject({ id, status: 'pending' });
    for (const as of [own.agent, others.customer]) {
      await expectError(api.request('DELETE', path, { as }), 404, 'NOT_FOUND');
    }
    expect((await api.request('DELETE', path, { as: own.customer })).status).toBe(204);
    await expectError(complete(), 404, 'NOT_FOUND');
  });

  test('direct upload: 413 over the limit, 422 for an empty file or invalid fields', async () => {
    const { maxFileBytes } = api.context.limits;
    await expectError(start({ ...file, sizeBytes: maxFileBytes + 1 }), 413, 'PAYLOAD_TOO_LARGE');
    await expectError(start({ ...file, sizeBytes: 0 }), 422, 'FILE_EMPTY');
    await expectError(start({ ...file, sha256: 'abc' }), 422, 'VALIDATION_FAILED');
    await expectError(start({ ...file, name: 'a\nb' }), 422, 'VALIDATION_FAILED');
  });
});

describe('file policy', () => {
  test('file policy: every member reads it, owners change it, uploads follow it', async () => {
    const policy = { maxFileBytes: 1_000, allowedTypes: ['text/*'], refusedTypes: ['text/csv'] };
    const change = (as: string, body: object) =>
      api.request('PATCH', '/v1/file-policy', { as, body });
    await expectError(change(own.admin, policy), 403, 'FORBIDDEN');
    expect(await (await change(own.owner, policy)).json()).toEqual(policy);
    const policyOfCustomer = await api.request('GET', '/v1/file-policy', { as: own.customer });
    expect(await policyOfCustomer.json()).toEqual(policy);
    const elsewhere = await api.request('GET', '/v1/file-policy', { as: others.customer });
    expect(await elsewhere.json()).toMatchObject({ maxFileBytes: null });
    await expectError(upload(png, 'dot.png'), 422, 'FILE_TYPE_REFUSED');
    await expectError(upload('x'.repeat(1_001), 'a.txt'), 413, 'PAYLOAD_TOO_LARGE');
    await expectError(change(own.owner, { allowedTypes: ['*'] }), 422, 'VALIDATION_FAILED');
    const open = { maxFileBytes: null, allowedTypes: null, refusedTypes: [] };
    expect(await (await change(own.owner, open)).json()).toEqual(open);
  });
});

test('GET /v1/attachments/:id: returns the metadata', async () => {
  const { path } = await uploaded();
  expect((await api.request('GET', path, { as: own.agent })).status).toBe(200);
});

test('POST links: creates a link', async () => {
  const { id } = await uploaded('text', 'a.txt');
  expect((await api.createLink(own.agent, id)).status).toBe(201);
});

test('recording of an audio file: status, cancel and retry', async () => {
  const wave = new Uint8Array(2_000);
  wave.set(new TextEncoder().encode('RIFF~\x07\0\0WAVEfmt '));
  const { path, contentType } = await uploaded(wave, 'voice.wav');
  expect(contentType).toStartWith('audio/');
  const at = (method: 'GET' | 'POST', verb = '', as = own.customer) =>
    api.request(method, `${path}/recording${verb}`, { as, ...(method === 'POST' && { body: {} }) });
  expect(await (await at('GET')).json()).toMatchObject({ status: 'waiting', reason: null });
  expect((await at('POST', '/cancel')).status).toBe(200);
  await expectError(at('POST', '/cancel'), 409, 'RECORDING_ENDED');
  expect((await at('POST', '/retry')).status).toBe(200);
  await expectError(at('POST', '/retry'), 409, 'RECORDING_NOT_FAILED');
  await expectError(at('GET', '', others.owner), 404, 'NOT_FOUND');
  const text = await uploaded('text', 'a.mp4');
  const none = await api.request('GET', `${text.path}/recording`, { as: own.customer });
  expect(await none.json()).toMatchObject({ status: 'none' });
});

testDocumentedResponses(api, 'attachments');
