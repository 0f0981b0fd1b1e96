import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { startS3Server } from '@insightdesk/shared/testing';
import { dependencies } from '../conformance/harness.ts';
import { describeLargeFiles } from '../conformance/large-files.ts';
import { describeStorage, MAX_FILE_BYTES } from '../conformance/suite.ts';
import { createStorage } from '../index.ts';
import { xmlElements, xmlText } from '../remote/xml.ts';
import { createS3Client } from './s3-client.ts';

setDefaultTimeout(120_000);

const server = await startS3Server();
const { options } = server;
afterAll(() => server.close());
const open = (maxFileBytes: number, more = {}) =>
  createStorage({ ...options, ...more, provider: 's3', maxFileBytes }, dependencies);

/** Files and incomplete multipart uploads. */
async function inventory() {
  const bucket = createS3Client(options);
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
  const storage = open(10, { secretAccessKey });
  const error = await storage.exists('a').catch((caught: Error) => caught);
  expect(error).toMatchObject({ status: 500, detail: 'An internal error occurred' });
  expect(String(error)).not.toContain(secretAccessKey);
  const url = await storage.signDownload('a', { expiresInSeconds: 60 });
  expect((await fetch(url)).status).toBe(403);
});

test('a missing bucket is an error with status 500, not a missing file', async () => {
  const storage = open(10, { bucket: 'elsewhere' });
  await expect(storage.download('a')).rejects.toMatchObject({ status: 500 });
  const bytes = new Uint8Array(1);
  const upload = storage.upload('a', bytes, { contentType: 'text/plain' });
  await expect(upload).rejects.toMatchObject({ status: 500 });
});
