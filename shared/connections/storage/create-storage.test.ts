import { expect, test } from 'bun:test';
import { ConfigurationError } from '@insightdesk/shared/errors';
import { createMemoryStorage, createStorage, createUrlSigner, registerProvider } from './index.ts';

const parts = { signer: createUrlSigner({ secret: 'secret', publicUrl: 'http://localhost' }) };
const custom = { provider: 'custom' as const, variables: { OWN: 'own' }, maxFileBytes: 4 };

test('a provider that nobody registered is refused by name of those that are', () => {
  const open = () => createStorage({ ...custom, name: 'toString' }, parts);
  expect(open).toThrow(ConfigurationError);
  expect(open).toThrow('No storage toString is registered');
});

test('a registered provider is found, configured, and stands behind the same rules', async () => {
  const own = createMemoryStorage();
  registerProvider('own', ({ variables }, { signer }) => {
    expect([variables.OWN, signer]).toEqual(['own', parts.signer]);
    return own;
  });
  const storage = createStorage({ ...custom, name: 'own' }, parts);
  await storage.upload('a', new Uint8Array(4), { contentType: 'text/plain' });
  expect(await own.exists('a')).toBe(true);
  await expect(storage.exists('../a')).rejects.toMatchObject({ code: 'INVALID_KEY' });
  const five = storage.upload('b', new Uint8Array(5), { contentType: 'text/plain' });
  await expect(five).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
});

test('no name is registered twice', () => {
  registerProvider('once', () => createMemoryStorage());
  expect(() => registerProvider('once', () => createMemoryStorage())).toThrow('once is registered');
});
