import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createMemoryStorage,
  createStorage,
  type StorageProvider,
} from '@insightdesk/shared/storage';
import { openRemoteStorage } from '@insightdesk/shared/testing';
import { openUploadApis } from '../testing/upload-replicas.ts';

setDefaultTimeout(300_000);

const uploads = await openUploadApis();
const signer = uploads.stage.parts.fileUrls;
const folder = mkdtempSync(join(tmpdir(), 'resumable-'));

interface Opened {
  storage: StorageProvider;
  close?: () => unknown;
}
const local = { provider: 'local', directory: folder, maxFileBytes: 1e9 } as never;
const providers: Record<string, () => Opened | Promise<Opened>> = {
  memory: () => ({ storage: createMemoryStorage({ signer }) }),
  local: () => ({ storage: createStorage(local, { signer }) }),
  s3: () => openRemoteStorage('s3', signer),
  azure: () => openRemoteStorage('azure', signer),
  cloudinary: () => openRemoteStorage('cloudinary', signer),
};

afterAll(async () => {
  await uploads.close();
  rmSync(folder, { recursive: true, force: true });
});

const seed = Math.floor(Math.random() * 2 ** 31);
let state = seed;
function random(below: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return state % below;
}

describe.each(Object.keys(providers))(`%s, seed ${seed}`, (name) => {
  let opened: Opened;
  let api: Awaited<ReturnType<typeof uploads.openReplicas>>;
  beforeAll(async () => {
    opened = (await providers[name]?.()) as Opened;
    api = await uploads.openReplicas(opened.storage);
  });
  afterAll(async () => {
    await api?.close();
    await opened?.close?.();
  });

  test.each([Number.POSITIVE_INFINITY, 400_000])(
    'cut again and again between two replicas, chunks of %p: every byte once',
    async (chunkSize) => {
      const { door } = api;
      const { storage } = opened;
      const bytes = randomBytes(3_000_000 + random(1_000_000));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const before = door.cutSoFar();
      door.cutAfter(...Array.from({ length: 12 }, () => 1 + random(700_000)));
      const metadata = { filename: 'große Datei.bin', sha256 };
      const id = await uploads.send(bytes, `${door.url}/v1/uploads`, { chunkSize, metadata });
      expect(door.cutSoFar() - before).toBeGreaterThanOrEqual(4);
      const file = await uploads.receive(storage, id);
      expect(file.name).toBe('große Datei.bin');
      expect(file.bytes.equals(bytes)).toBe(true);
      const its = `${uploads.owner.tenantId}/attachments/${id}/`;
      const left = await Array.fromAsync(storage.list(its));
      expect(left.map(({ key }) => key.split('/').at(-1))).toEqual(['original']);
    },
  );
});
