import { expect, test } from 'bun:test';
import { ConfigurationError } from '@insightdesk/shared/errors';
import { createMemoryStorage, createStorage, createUrlSigner, registerProvider } from './index.ts';

const parts = { signer: createUrlSigner({ secret: 'secret', publicUrl: 'http://localhost' }) };
const config = { provider: 'elsewhere', directory: '', maxFileBytes: 4 };

test('an unknown provider is refused by name of the known ones', () => {
  expect(() => createStorage(config, parts)).toThrow(ConfigurationError);
  expect(() => createStorage({ ...config, provider: 'toString' }, parts)).toThrow('local, memory');
});

test('a registered provider is found and stands behind the same rules', async () => {
  const own = createMemoryStorage();
  registerProvider('own', () => own);
  const storage = createStorage({ ...config, provider: 'own' }, parts);
  await storage.upload('a', new Uint8Array(4), { contentType: 'text/plain' });
  expect(await own.exists('a')).toBe(true);
  await expect(storage.exists('../a')).rejects.toMatchObject({ code: 'INVALID_KEY' });
  const five = storage.upload('b', new Uint8Array(5), { contentType: 'text/plain' });
  await expect(five).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
});

test('no name is registered twice', () => {
  expect(() => registerProvider('local', () => createMemoryStorage())).toThrow('local is known');
});
