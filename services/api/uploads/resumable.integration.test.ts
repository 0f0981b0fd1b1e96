import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Context, systemContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { makeVariants, openAttachment } from '@insightdesk/shared/domain/attachments';
import { createMetrics } from '@insightdesk/shared/monitoring';
import {
  createMemoryStorage,
  createStorage,
  type StorageProvider,
} from '@insightdesk/shared/storage';
import {
  createTestContext,
  createTestDatabase,
  createTestTenant,
} from '@insightdesk/shared/testing';
import * as tus from 'tus-js-client';
import { createApp } from '../app.ts';
import { openTestDesk } from '../test-desk.ts';
import { openCuttingDoor } from './test-cuts.ts';

// A database of its own: a running worker would put together what it does not find.
const server = await createTestDatabase();
const desks = [0, 1].map(() => openTestDesk({ windowMs: 60_000, maxRequests: 0 }, {}, server.url));
const stage = createTestContext(server.url);
const folder = mkdtempSync(join(tmpdir(), 'resumable-'));
const signer = stage.parts.fileUrls;

const providers: Record<string, () => StorageProvider> = {
  memory: () => createMemoryStorage({ signer }),
  local: () =>
    createStorage({ provider: 'local', directory: folder, maxFileBytes: 1e9 } as never, { signer }),
};

let owner: Context;
let token: string;
beforeAll(async () => {
  ({ owner } = await createTestTenant(stage.context));
  if (owner.actor.kind !== 'user' || !owner.tenantId) throw new Error('Nobody is signed in');
  const { userId, sessionId, role, grant } = owner.actor;
  const who = { tenantId: owner.tenantId, userId, sessionId, role, grant };
  token = (await stage.context.tokens.signAccess(who)).token;
});
afterAll(async () => {
  await Promise.all([stage, ...desks].map((one) => one.close()));
  await server.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** Two replicas with one storage, behind a door that cuts. */
async function openReplicas(storage: StorageProvider) {
  const settings = { ...stage.context.settings, maxFileBytes: 1e8 };
  const open = (desk: (typeof desks)[number]) => {
    const context: (typeof desk.options)['context'] = (call) => ({
      ...desk.context,
      ...call,
      storage,
      settings,
    });
    const { fetch } = createApp({ ...desk.options, metrics: newMetrics(), context });
    return Bun.serve({ port: 0, hostname: '127.0.0.1', maxRequestBodySize: 1e9, fetch });
  };
  const replicas = desks.map(open);
  const door = await openCuttingDoor(replicas.map(({ port }) => port ?? 0));
  settings.publicUrl = door.url;
  const close = async () => {
    door.close();
    await Promise.all(replicas.map((replica) => replica.stop(true)));
  };
  return { door, close };
}

const newMetrics = () => createMetrics({ service: 'api', replica: 'api-1' });
const headers = () => ({ Authorization: `Bearer ${token}` });

function send(bytes: Buffer, endpoint: string, options: Partial<tus.UploadOptions> = {}) {
  return new Promise<Id<'att'>>((resolve, reject) => {
    const upload = new tus.Upload(bytes, {
      endpoint,
      headers: headers(),
      retryDelays: Array(40).fill(10),
      metadata: { filename: 'große Datei.bin', filetype: 'text/html' },
      onError: reject,
      onSuccess: () => resolve(upload.url?.split('/').at(-1) as Id<'att'>),
      ...options,
    });
    upload.start();
  });
}

async function receive(storage: StorageProvider, id: Id<'att'>) {
  const { tenantId } = owner;
  if (!tenantId) throw new Error('Nobody is signed in');
  const context = { ...stage.context, storage };
  await makeVariants(systemContext(context, 'worker', { tenantId, requestId: 'test' }), {
    attachmentId: id,
  });
  const file = await openAttachment({ ...owner, storage }, { id });
  return { name: file.name, bytes: Buffer.from(await new Response(await file.stream()).bytes()) };
}

const seed = Math.floor(Math.random() * 2 ** 31);
let state = seed;
function random(below: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return state % below;
}

describe.each(Object.keys(providers))(`%s, seed ${seed}`, (name) => {
  let storage: StorageProvider;
  let desk: Awaited<ReturnType<typeof openReplicas>>;
  beforeAll(async () => {
    storage = providers[name]?.() as StorageProvider;
    desk = await openReplicas(storage);
  });
  afterAll(() => desk.close());

  test.each([Number.POSITIVE_INFINITY, 400_000])(
    'cut again and again between two replicas, chunks of %p: every byte once',
    async (chunkSize) => {
      const { door } = desk;
      const bytes = randomBytes(3_000_000 + random(1_000_000));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const before = door.cutSoFar();
      door.cutAfter(...Array.from({ length: 12 }, () => 1 + random(700_000)));
      const metadata = { filename: 'große Datei.bin', sha256 };
      const id = await send(bytes, `${door.url}/v1/uploads`, { chunkSize, metadata });
      expect(door.cutSoFar() - before).toBeGreaterThanOrEqual(4);
      const file = await receive(storage, id);
      expect(file.name).toBe('große Datei.bin');
      expect(file.bytes.equals(bytes)).toBe(true);
      const left = await Array.fromAsync(storage.list(`${owner.tenantId}/attachments/${id}/`));
      expect(left.map(({ key }) => key.split('/').at(-1))).toEqual(['original']);
    },
    60_000,
  );
});

describe('the protocol', () => {
  let desk: Awaited<ReturnType<typeof openReplicas>>;
  beforeAll(async () => {
    desk = await openReplicas(createMemoryStorage({ signer }));
  });
  afterAll(() => desk.close());

  const version = { 'Tus-Resumable': '1.0.0' };
  const ask = (method: string, path = '', more: object = {}, body?: string) =>
    fetch(path.startsWith('http') ? path : `${desk.door.url}/v1/uploads${path}`, {
      method,
      headers: { ...headers(), ...version, ...more },
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
    const answer = await fetch(`${desk.door.url}/v1/uploads`, { method: 'OPTIONS' });
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
    expect(at).toStartWith(`${desk.door.url}/v1/uploads/att_`);
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
    const { owner: other } = await createTestTenant(stage.context);
    if (other.actor.kind !== 'user' || !other.tenantId) throw new Error('Nobody is signed in');
    const { tenantId, actor } = other;
    const stranger = (await stage.context.tokens.signAccess({ tenantId, ...actor })).token;
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
