import { expect, test } from 'bun:test';
import { ConfigurationError } from '@insightdesk/shared/errors';
import { createMemoryStorage, createStorage, createUrlSigner, registerProvider } from './index.ts';

const dependencies = {
  signer: createUrlSigner({ secret: 'secret', publicUrl: 'http://localhost' }),
};
const custom = { provider: 'custom' as const, variables: { OWN: 'own' }, maxFileBytes: 4 };

test('an unknown provider is a configuration error', () => {
  const create = () => createStorage({ ...custom, name: 'toString' }, dependencies);
  expect(create).toThrow(ConfigurationError);
  expect(create).toThrow('Unknown storage provider toString');
});

test('a custom provider receives variables and signer, and its calls are validated', async () => {
  const own = createMemoryStorage();
  registerProvider('own', ({ variables }, { signer }) => {
    expect([variables.OWN, signer]).toEqual(['own', dependencies.signer]);
    return own;
  });
  const storage = createStorage({ ...custom, name: 'own' }, dependencies);
  await storage.upload('a', new Uint8Array(4), { contentType: 'text/plain' });
  expect(await own.exists('a')).toBe(true);
  await expect(storage.exists('../a')).rejects.toMatchObject({ code: 'INVALID_KEY' });
  const five = storage.upload('b', new Uint8Array(5), { contentType: 'text/plain' });
  await expect(five).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
});

test('registering a provider name twice fails', () => {
  const register = () => registerProvider('once', () => createMemoryStorage());
  register();
  expect(register).toThrow('Storage provider once is already registered');
});
