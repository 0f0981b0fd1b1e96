import { expect, test } from 'bun:test';
import { ConfigurationError } from '@insightdesk/shared/errors';
import { createMemoryStorage, createStorage } from './index.ts';

const config = { provider: 'elsewhere', directory: '', maxFileBytes: 4 };

test('an unknown provider is refused by name of the known ones', () => {
  expect(() => createStorage(config)).toThrow(ConfigurationError);
  expect(() => createStorage({ ...config, provider: 'toString' })).toThrow('local, memory');
});

test('a registered provider is found and stands behind the same rules', async () => {
  const own = createMemoryStorage();
  const storage = createStorage(config, { elsewhere: () => own });
  await storage.upload('a', new Uint8Array(4), { contentType: 'text/plain' });
  expect(await own.exists('a')).toBe(true);
  await expect(storage.exists('../a')).rejects.toMatchObject({ code: 'INVALID_KEY' });
  const five = storage.upload('b', new Uint8Array(5), { contentType: 'text/plain' });
  await expect(five).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
});
