import { afterAll, describe, expect, test } from 'bun:test';
import { startCloudinaryServer } from '@insightdesk/shared/testing';
import { dependencies } from '../conformance/harness.ts';
import { describeLargeFiles } from '../conformance/large-files.ts';
import { describeStorage, MAX_FILE_BYTES } from '../conformance/suite.ts';
import { createStorage } from '../index.ts';

type Server = ReturnType<typeof startCloudinaryServer>;

const server = startCloudinaryServer();
const serverWithoutRanges = startCloudinaryServer({ supportsRanges: false });
afterAll(() => Promise.all([server.close(), serverWithoutRanges.close()]));

const open = ({ close: _, ...account }: Server, maxFileBytes: number, other = {}) =>
  createStorage({ ...account, ...other, provider: 'cloudinary', maxFileBytes }, dependencies);

describeStorage('CloudinaryStorage', async () => {
  const storage = open(server, MAX_FILE_BYTES);
  return {
    storage,
    unsupportedLimits: ['size', 'type'],
    async inventory() {
      const files = await Array.fromAsync(storage.list(''));
      return files.map(({ key, sizeBytes }) => `${key} ${sizeBytes}`).join('\n');
    },
    dispose: async () => {},
  };
});
describeLargeFiles('CloudinaryStorage', () => open(server, 1e9));

describe('CloudinaryStorage', () => {
  const bytes = new TextEncoder().encode('0123456789');
  const type = { contentType: 'text/plain; charset=utf-8' };

  test('ranges are cut from whole files when the service ignores Range', async () => {
    const storage = open(serverWithoutRanges, 1e6);
    await storage.upload('a', bytes, type);
    const part = await storage.download('a', { range: { start: 3, end: 5 } });
    expect(await new Response(part).text()).toBe('345');
    const beyond = storage.download('a', { range: { start: 10, end: 11 } });
    await expect(beyond).rejects.toMatchObject({ status: 416 });
  });

  test.each([server, serverWithoutRanges])(
    'an empty file and a file of one byte are distinguished',
    async (service) => {
      const storage = open(service, 1e6);
      await storage.upload('none', new Uint8Array(0), type);
      await storage.upload('one', bytes.subarray(0, 1), type);
      const sizes = await Promise.all(['none', 'one'].map((key) => storage.metadata(key)));
      expect(sizes).toMatchObject([
        { sizeBytes: 0, ...type },
        { sizeBytes: 1, ...type },
      ]);
      const range = { start: 0, end: 5 };
      expect(await new Response(await storage.download('one', { range })).text()).toBe('0');
      expect(await new Response(await storage.download('one')).text()).toBe('0');
      await expect(storage.download('none', { range })).rejects.toMatchObject({ status: 416 });
      await storage.copy('none', 'copied');
      expect(await storage.metadata('copied')).toMatchObject({ sizeBytes: 0, ...type });
    },
  );

  test('requests with a wrong secret fail, and errors do not contain the secret', async () => {
    const apiSecret = 'wrong-secret';
    const unauthorized = open(server, 1e6, { apiSecret });
    const calls = [() => unauthorized.upload('a', bytes, type), () => unauthorized.exists('a')];
    for (const call of calls) {
      const error = await call().catch((caught: Error) => caught);
      expect(error).toMatchObject({ status: 500, detail: 'An internal error occurred' });
      expect(String(error)).not.toContain(apiSecret);
    }
    const url = await unauthorized.signDownload('a', { expiresInSeconds: 60 });
    expect((await fetch(url)).status).toBe(401);
  });

  test('keys over 255 characters are rejected', async () => {
    const key = `${'a'.repeat(150)}/${'b'.repeat(150)}`;
    await expect(open(server, 1e6).exists(key)).rejects.toMatchObject({ code: 'INVALID_KEY' });
  });
});
