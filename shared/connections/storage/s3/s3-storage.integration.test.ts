import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { startStorageServer } from '@insightdesk/shared/testing';
import { parts } from '../conformance/harness.ts';
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
  createStorage({ ...optionsOf(server), provider: 's3', maxFileBytes }, parts);

beforeAll(async () => {
  server = await startStorageServer('swift');
  await createS3Client(optionsOf(server)).askText({ method: 'PUT' });
}, 300_000);
afterAll(() => server?.close());

/** Files, and uploads of several parts that have not ended. */
async function inventory() {
  const bucket = createS3Client(optionsOf(server));
  const uploads = await bucket.askText({ method: 'GET', query: { uploads: '' } });
  const begun = [...xmlElements(uploads, 'Upload')].map((one) => `begun ${xmlText(one, 'Key')}`);
  const files = await Array.fromAsync(open(1).list(''));
  return [...begun, ...files.map(({ key, sizeBytes }) => `${key} ${sizeBytes}`)].join('\n');
}

describeStorage('S3Storage on Swift', async () => ({
  storage: open(MAX_FILE_BYTES),
  isRemote: true,
  inventory,
  dispose: async () => {},
}));
describeLargeFiles('S3Storage', () => open(1e9), inventory);

test('a secret that is not the account’s is refused, and told without it', async () => {
  const secretAccessKey = 'of somebody else';
  const options = { ...optionsOf(server), secretAccessKey };
  const storage = createStorage({ ...options, provider: 's3', maxFileBytes: 10 }, parts);
  const error = await storage.exists('a').catch((caught: Error) => caught);
  expect(error).toMatchObject({ status: 500, detail: 'Something went wrong on our side' });
  expect(String(error)).not.toContain(secretAccessKey);
  const url = await storage.signDownload('a', { expiresInSeconds: 60 });
  expect((await fetch(url)).status).toBe(403);
});

test('a bucket that is not there is no file that is not there', async () => {
  const options = { ...optionsOf(server), bucket: 'elsewhere' };
  const storage = createStorage({ ...options, provider: 's3', maxFileBytes: 10 }, parts);
  await expect(storage.download('a')).rejects.toMatchObject({ status: 500 });
  const bytes = new Uint8Array(1);
  const upload = storage.upload('a', bytes, { contentType: 'text/plain' });
  await expect(upload).rejects.toMatchObject({ status: 500 });
});
