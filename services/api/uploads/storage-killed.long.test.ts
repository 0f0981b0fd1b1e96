import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemContext } from '@insightdesk/shared/context';
import { fromUuid, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { processAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { createS3Client, createStorage } from '@insightdesk/shared/storage';
import {
  createRandom,
  expireUploads,
  inspectStoredFiles,
  startStorageServer,
  testEnvironment,
} from '@insightdesk/shared/testing';
import { createUploadReplicas } from '../testing/upload-replicas.ts';

setDefaultTimeout(300_000);

const ROUNDS = 2;
const UPLOADS = 6;
const MAX_DELAY_MS = 300;
/** Larger uploads are stored in several parts. */
const MAX_FILE_BYTES = 12_000_000;

const [uploads, server] = await Promise.all([createUploadReplicas(), startStorageServer('swift')]);
const { accessKeyId, secretAccessKey, url: endpoint } = server;
const options = { accessKeyId, secretAccessKey, endpoint, region: 'us-east-1', bucket: 'desk' };
await createS3Client(options).requestText({ method: 'PUT' });
const { fileUrls: signer } = uploads.testContext.container;
const storage = createStorage({ ...options, provider: 's3', maxFileBytes: 1e9 }, { signer });
const { proxy, close } = await uploads.startReplicas(storage);
const sql = connect(uploads.server.adminUrl, { timeoutMs: 20_000 });
const { tenantId = 'org_' } = uploads.owner;
afterAll(async () => {
  await Promise.all([close(), server.close(), sql.end()]);
  await uploads.close();
});

const seed = Math.floor(Math.random() * 2 ** 31);
const random = createRandom(seed);

async function sendForm(bytes: Buffer): Promise<number> {
  const body = new FormData();
  body.append('file', new File([bytes as Buffer<ArrayBuffer>], 'a.bin'));
  const init = { method: 'POST', body, headers: uploads.headers() };
  const answer = await fetch(`${proxy.url}/v1/attachments`, init);
  if (answer.status === 201) return 201;
  const { code } = (await answer.json()) as { code: string };
  expect([answer.status, code]).toEqual([503, 'STORAGE_UNAVAILABLE']);
  return 503;
}

/** Retries until the upload is complete and its hash verified. */
async function sendResumably(bytes: Buffer): Promise<number> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const metadata = { filename: 'a.bin', sha256 };
  const retryDelays = Array<number>(100).fill(100);
  await uploads.upload(bytes, `${proxy.url}/v1/uploads`, { metadata, retryDelays });
  return 201;
}

/** Kills and restarts the storage server during uploads of both kinds. */
async function killStorage(): Promise<number[]> {
  const sent = Array.from({ length: UPLOADS }, (_, n) => {
    const bytes = randomBytes(1 + random(MAX_FILE_BYTES));
    return n % 2 ? sendResumably(bytes) : sendForm(bytes);
  });
  await Bun.sleep(random(MAX_DELAY_MS));
  await server.kill();
  await Bun.sleep(random(MAX_DELAY_MS));
  await server.restart();
  return Promise.all(sent);
}

/** Processes all pending attachments as the worker does. */
async function processAll(): Promise<void> {
  const context = {
    ...uploads.testContext.context,
    files: { ...uploads.testContext.context.files, storage },
  };
  const worker = systemContext(context, 'worker', { tenantId, requestId: 'test' });
  const rows = await sql`select id from attachments
    where tenant_id = ${toUuid(tenantId)} and status = 'pending'`;
  for (const { id } of rows) await processAttachment(worker, { attachmentId: fromUuid('att', id) });
}

/** Runs `desk files`. */
async function deskFiles(...parameters: string[]) {
  const script = join(import.meta.dir, '../../cli/desk.ts');
  const env = {
    ...testEnvironment.variables,
    DATABASE_URL: uploads.server.url,
    DATABASE_RELAY_URL: uploads.server.relayUrl,
    DATABASE_IDENTITY_URL: uploads.server.identityUrl,
    STORAGE_PROVIDER: 's3',
    AWS_S3_ENDPOINT: endpoint,
    AWS_S3_BUCKET: options.bucket,
    AWS_REGION: options.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const child = Bun.spawn([process.execPath, script, 'files', ...parameters], {
    env,
    stdout: 'pipe',
  });
  const output = await child.stdout.text();
  return { code: await child.exited, output };
}

test(`storage server killed during uploads, seed ${seed}: after cleanup rows and files match`, async () => {
  const uploadStatuses: number[] = [];
  for (let round = 0; round < ROUNDS; round++) uploadStatuses.push(...(await killStorage()));
  const accepted = uploadStatuses.filter((status) => status === 201).length;
  expect(accepted).toBeLessThan(uploadStatuses.length);
  await processAll();
  await expireUploads(sql, tenantId);
  expect((await deskFiles('collect')).code).toBe(0);
  const flags = ['--organization', tenantId, '--older-than', '0'];
  expect((await deskFiles('collect', ...flags)).code).toBe(0);
  const { expectedKeys, storedKeys, sizeBytes, countedBytes, pending, statuses } =
    await inspectStoredFiles(sql, storage, tenantId);
  expect(statuses).toEqual(['ready']);
  expect(expectedKeys.length).toBe(accepted);
  expect(storedKeys).toEqual(expectedKeys);
  expect(countedBytes).toBe(sizeBytes);
  expect(pending).toEqual({ reservations: 0, uploads: 0 });
  const { code, output } = await deskFiles('check', '--checksums', ...flags);
  expect(output).toContain('without a row: 0 files, 0 bytes');
  expect(code).toBe(0);
});
