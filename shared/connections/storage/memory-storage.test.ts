import { dependencies } from './conformance/harness.ts';
import { serveSignedUrl } from './conformance/serve-signed-urls.ts';
import { describeStorage, MAX_FILE_BYTES } from './conformance/suite.ts';
import { createMemoryStorage } from './create-storage.ts';

describeStorage('MemoryStorage', async () => {
  const storage = createMemoryStorage({ maxFileBytes: MAX_FILE_BYTES, ...dependencies });
  return {
    storage,
    inventory: async () => {
      const files = await Array.fromAsync(storage.list(''));
      return files.map(({ key, sizeBytes }) => `${key} ${sizeBytes}`).join('\n');
    },
    dispose: async () => {},
    request: (...args) => serveSignedUrl(storage, dependencies.signer, new Request(...args)),
  };
});
