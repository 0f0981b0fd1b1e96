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
import { createRandom, startRemoteStorage } from '@insightdesk/shared/testing';
import { createUploadReplicas } from '../testing/upload-replicas.ts';

setDefaultTimeout(300_000);

const uploads = await createUploadReplicas();
const signer = uploads.testContext.container.fileUrls;
const folder = mkdtempSync(join(tmpdir(), 'resumable-'));

interface OpenStorage {
  storage: StorageProvider;
  close?: () => unknown;
}
const local = { provider: 'local', directory: folder, maxFileBytes: 1e9 } as never;
const providers: Record<string, () => OpenStorage | Promise<OpenStorage>> = {
  memory: () => ({ storage: createMemoryStorage({ signer }) }),
  local: () => ({ storage: createStorage(local, { signer }) }),
  s3: () => startRemoteStorage('s3', signer),
  azure: () => startRemoteStorage('azure', signer),
  cloudinary: () => startRemoteStorage('cloudinary', signer),
};

afterAll(async () => {
  await uploads.close();
  rmSync(folder, { recursive: true, force: true });
});

const seed = Math.floor(Math.random() * 2 ** 31);
const random = createRandom(seed);

describe.each(Object.keys(providers))(`%s, seed ${seed}`, (name) => {
  let provider: OpenStorage;
  let api: Awaited<ReturnType<typeof uploads.startReplicas>>;
  beforeAll(async () => {
    provider = (await providers[name]?.()) as OpenStorage;
    api = await uploads.startReplicas(provider.storage);
  });
  afterAll(async () => {
    await api?.close();
    await provider?.close?.();
  });

  test.each([Number.POSITIVE_INFINITY, 400_000])(
    'uploads cut repeatedly between two replicas, chunks of %p: every byte is stored once',
    async (chunkSize) => {
      const { proxy } = api;
      const { storage } = provider;
      const bytes = randomBytes(3_000_000 + random(1_000_000));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const before = proxy.cutCount();
      proxy.cutAfter(...Array.from({ length: 12 }, () => 1 + random(700_000)));
      const metadata = { filename: 'große Datei.bin', sha256 };
      const id = await uploads.upload(bytes, `${proxy.url}/v1/uploads`, { chunkSize, metadata });
      expect(proxy.cutCount() - before).toBeGreaterThanOrEqual(4);
      const file = await uploads.processAndDownload(storage, id);
      expect(file.name).toBe('große Datei.bin');
      expect(file.bytes.equals(bytes)).toBe(true);
      const prefix = `${uploads.owner.tenantId}/attachments/${id}/`;
      const stored = await Array.fromAsync(storage.list(prefix));
      expect(stored.map(({ key }) => key.split('/').at(-1))).toEqual(['original']);
    },
  );
});
