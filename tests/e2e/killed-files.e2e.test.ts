import { afterAll, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import type { Id } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { createStorage } from '@insightdesk/shared/storage';
import { createRandom } from '../../shared/testing/random.ts';
import { bySize, isLongTier } from '../../shared/testing/tier.ts';
import { until } from '../../shared/testing/until.ts';
import { call, isLocalStack, loadRun, registerOwner, run, upload } from './client.ts';
import { killProcess, killService } from './kill-targets.ts';
import { createMediaFixtures } from './media/media-fixtures.ts';
import { expectFilesMatchRows } from './outage/stored-files.ts';

const ROUNDS = bySize(1, 3);
const UPLOADS = 6;
const MAX_DELAY_MS = 150;

const sql = connect(run.postgres, { timeoutMs: 20_000 });
afterAll(() => sql.end());

const seed = Math.floor(Math.random() * 2 ** 31);
const random = createRandom(seed);

/** Creates a resumable upload and sends all bytes. */
async function uploadResumably(token: string, bytes: Uint8Array<ArrayBuffer>) {
  const version = { 'Tus-Resumable': '1.0.0' };
  const length = { 'Upload-Length': String(bytes.byteLength) };
  const created = await call('POST', '/v1/uploads', { token, headers: { ...version, ...length } });
  const type = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0' };
  const headers = { ...version, ...type };
  const location = created.headers.get('location') ?? '';
  return call('PATCH', location, { token, headers, raw: bytes, timeoutMs: 60_000 });
}

/** Kills all APIs during uploads, and waits for their restart. Returns the number of failed uploads. */
async function killUploads(token: string) {
  const sent = Array.from({ length: UPLOADS }, (_, n) => {
    const bytes = randomBytes(1 + random(2_000_000)) as Uint8Array<ArrayBuffer>;
    return n % 2 ? uploadResumably(token, bytes) : upload(token, new Blob([bytes]), `${n}.bin`);
  });
  const settled = Promise.allSettled(sent);
  await Bun.sleep(random(MAX_DELAY_MS));
  const apis = loadRun().services.filter(({ kind }) => kind === 'api');
  await Promise.all(apis.map(({ pid = 0 }) => killProcess(pid)));
  const results = await settled;
  await until(async () => (await call('GET', '/v1/auth/me', { token })).status < 500, {
    timeoutMs: 30_000,
  });
  return results.filter((result) => result.status === 'rejected' || result.value.status >= 300)
    .length;
}

/** Kills the worker while it transcodes a video; returns the wait for the result of another run. */
async function killTranscoding(token: string) {
  const fixtures = await createMediaFixtures();
  const video = await upload(token, new Blob([await fixtures.phoneVideo()]), 'video.mp4');
  await fixtures.close();
  const path = `/v1/attachments/${video.body.id}/recording`;
  const untilStatus = (status: string) =>
    until(async () => (await call('GET', path, { token })).body.status, {
      equals: status,
      timeoutMs: 90_000,
    });
  await untilStatus('working');
  await killService(({ kind }) => kind === 'worker');
  return () => untilStatus('ready');
}

test.skipIf(!isLocalStack)(
  `files and rows match after kills during uploads${bySize('', ' and transcoding')}, seed ${seed}`,
  async () => {
    const { token, organizationId } = await registerOwner();
    expect((await upload(token, new Blob(['complete']), 'complete.txt')).status).toBe(201);
    const untilTranscoded = isLongTier ? await killTranscoding(token) : async () => {};
    let broken = 0;
    for (let round = 0; round < ROUNDS; round++) broken += await killUploads(token);
    expect(broken).toBeGreaterThan(0);
    await untilTranscoded();
    const directory = process.env.STORAGE_DIRECTORY ?? '';
    const config = { provider: 'local', directory, maxFileBytes: 1 } as const;
    const storage = createStorage(config, { signer: {} as never });
    await expectFilesMatchRows({ sql, storage, organizationId: organizationId as Id<'org'> });
  },
  240_000,
);
