import { afterAll, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@insightdesk/shared/config';
import { createStorage, createUrlSigner } from './index.ts';

const dependencies = {
  signer: createUrlSigner({ secret: 'secret', publicUrl: 'http://localhost' }),
};
const directory = await mkdtemp(join(tmpdir(), 'insightdesk-storage-'));
afterAll(() => rm(directory, { recursive: true }));

/** The storage that the settings select. */
function createFrom(settings: Record<string, string>) {
  const servers = { DATABASE_URL: 'postgres://u:p@h/d', VALKEY_URL: 'valkey://h:6379' };
  const { storage } = loadConfig({ directory, environment: { ...servers, ...settings } });
  return createStorage(storage, dependencies);
}

async function writeModule(source: string): Promise<string> {
  const path = join(directory, `${crypto.randomUUID()}.ts`);
  await writeFile(path, source);
  return path;
}

test('STORAGE_MODULE: its provider receives variables and signer, and its calls are validated', async () => {
  const index = join(import.meta.dir, 'index.ts');
  const module = await writeModule(`import { createMemoryStorage } from '${index}';
    export default ({ variables, maxFileBytes }, { signer }) => ({
      ...createMemoryStorage({ signer }),
      exists: async (key) => key === variables.OWN_KEY && maxFileBytes === 4,
    });`);
  const settings = { STORAGE_MODULE: module, OWN_KEY: 'a', MAX_FILE_SIZE: '4' };
  const storage = createFrom({ STORAGE_PROVIDER: 'custom', ...settings });
  expect([await storage.exists('a'), await storage.exists('b')]).toEqual([true, false]);
  const url = await storage.signDownload('a', { expiresInSeconds: 60 });
  expect(url).toStartWith('http://localhost/files/signed/a?');
  await expect(storage.exists('../a')).rejects.toMatchObject({ code: 'INVALID_KEY' });
  const five = storage.upload('b', new Uint8Array(5), { contentType: 'text/plain' });
  await expect(five).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
});

test.each([
  ['does not exist', undefined, 'Cannot find module'],
  ['exports no function', 'export default {};', 'The default export is no function'],
  ['returns no provider', 'export default () => ({ upload() {} });', 'download'],
  ['throws', "export default () => { throw new Error('no tape'); };", 'no tape'],
])(
  'STORAGE_MODULE: a module that %s stops the start with its path',
  async (_how, source, reason) => {
    const path = source === undefined ? './nowhere.ts' : await writeModule(source);
    const create = () => createFrom({ STORAGE_PROVIDER: 'custom', STORAGE_MODULE: path });
    expect(create).toThrow(`STORAGE_MODULE: ${path} is not a storage provider`);
    expect(create).toThrow(reason);
  },
);

test('STORAGE_PROVIDER=memory: stores files in memory', async () => {
  const storage = createFrom({ STORAGE_PROVIDER: 'memory' });
  await storage.upload('a', new Uint8Array(4), { contentType: 'text/plain' });
  expect(await storage.metadata('a')).toMatchObject({ sizeBytes: 4 });
});
