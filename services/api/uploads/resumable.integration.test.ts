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
