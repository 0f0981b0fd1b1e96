import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { startStorageServer } from '@insightdesk/shared/testing';
import { dependencies } from '../conformance/harness.ts';
import { describeLargeFiles } from '../conformance/large-files.ts';
import { describeStorage, MAX_FILE_BYTES } from '../conformance/suite.ts';
import { createStorage } from '../index.ts';
import { xmlElements, xmlText } from '../remote/xml.ts';
import { createS3Client } from './s3-client.ts';

setDefaultTimeout(120_000);

let server: Awaited<ReturnType<typeof startStorageServer<'swift'>>>;
const optionsOf = ({ accessKeyId, secretAccessKey, url: endpoint }: typeof server) => ({
  accessKeyId,
  secretAccessKey,
  endpoint,
  region: 'us-east-1',
  bucket: 'desk',
});
const open = (maxFileBytes: number) =>
  createStorage({ ...optionsOf(server), provider: 's3', maxFileBytes }, dependencies);

beforeAll(async () => {
  server = await startStorageServer('swift');
  await createS3Client(optionsOf(server)).requestText({ method: 'PUT' });
}, 300_000);
afterAll(() => server?.close());

/** Files and incomplete multipart uploads. */
async function inventory() {
  const bucket = createS3Client(optionsOf(server));
  const uploads = await bucket.requestText({ method: 'GET', query: { uploads: '' } });
  const incomplete = [...xmlElements(uploads, 'Upload')].map(
    (upload) => `incomplete ${xmlText(upload, 'Key')}`,
  );
  const files = await Array.fromAsync(open(1).list(''));
  return [...incomplete, ...files.map(({ key, sizeBytes }) => `${key} ${sizeBytes}`)].join('\n');
}

describeStorage('S3Storage on Swift', async () => ({
  storage: open(MAX_FILE_BYTES),
  isRemote: true,
  inventory,
  dispose: async () => {},
}));
describeLargeFiles('S3Storage', () => open(1e9), inventory);

test('requests with a wrong secret fail, and errors do not contain the secret', async () => {
  const secretAccessKey = 'wrong-secret';
  const options = { ...optionsOf(server), secretAccessKey };
  const storage = createStorage({ ...options, provider: 's3', maxFileBytes: 10 }, dependencies);
  const error = await storage.exists('a').catch((caught: Error) => caught);
  expect(error).toMatchObject({ status: 500, detail: 'An internal error occurred' });
  expect(String(error)).not.toContain(secretAccessKey);
  const url = await storage.signDownload('a', { expiresInSeconds: 60 });
  expect((await fetch(url)).status).toBe(403);
});

test('a missing bucket is an error with status 500, not a missing file', async () => {
  const options = { ...optionsOf(server), bucket: 'elsewhere' };
  const storage = createStorage({ ...options, provider: 's3', maxFileBytes: 10 }, dependencies);
  await expect(storage.download('a')).rejects.toMatchObject({ status: 500 });
  const bytes = new Uint8Array(1);
  const upload = storage.upload('a', bytes, { contentType: 'text/plain' });
  await expect(upload).rejects.toMatchObject({ status: 500 });
});
