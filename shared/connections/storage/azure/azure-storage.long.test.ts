import { afterAll, beforeAll, setDefaultTimeout } from 'bun:test';
import { startStorageServer } from '@insightdesk/shared/testing';
import { dependencies } from '../conformance/harness.ts';
import { describeLargeFiles } from '../conformance/large-files.ts';
import { describeStorage, MAX_FILE_BYTES } from '../conformance/suite.ts';
import { createStorage } from '../index.ts';
import { createAzureClient } from './azure-client.ts';

setDefaultTimeout(120_000);

let server: Awaited<ReturnType<typeof startStorageServer<'azurite'>>>;
const open = (maxFileBytes: number) => {
  const { account, accessKey, url: endpoint } = server;
  const options = { account, accessKey, endpoint, container: 'desk' };
  return createStorage({ ...options, provider: 'azure', maxFileBytes }, dependencies);
};

beforeAll(async () => {
  server = await startStorageServer('azurite');
  const { account, accessKey, url: endpoint } = server;
  const container = createAzureClient({ account, accessKey, endpoint, container: 'desk' });
  await container.request({ method: 'PUT', query: { restype: 'container' } });
}, 300_000);

afterAll(() => server?.close());

describeStorage('AzureStorage on Azurite', async () => {
  const storage = open(MAX_FILE_BYTES);
  return {
    storage,
    isRemote: true,
    unsupportedLimits: ['size'],
    async inventory() {
      const files = await Array.fromAsync(storage.list(''));
      return files.map(({ key, sizeBytes }) => `${key} ${sizeBytes}`).join('\n');
    },
    dispose: async () => {},
  };
});
describeLargeFiles('AzureStorage', () => open(1e9));
