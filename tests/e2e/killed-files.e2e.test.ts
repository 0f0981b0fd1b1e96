import { afterAll, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import type { Id } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { createStorage } from '@insightdesk/shared/storage';
import { expireUploads, inspectStoredFiles } from '@insightdesk/shared/testing';
import { runDesk } from '../../services/cli/test-command.ts';
import { createRandom } from '../../shared/testing/random.ts';
import { bySize } from '../../shared/testing/tier.ts';
import { until } from '../../shared/testing/until.ts';
import { call, isLocalStack, loadRun, registerOwner, run, upload } from './client.ts';
import { killProcess, killService } from './kill-targets.ts';
import { createMediaFixtures } from './media/media-fixtures.ts';

const ROUNDS = bySize(1, 3);
const UPLOADS = 6;
const MAX_DELAY_MS = 150;

const fixtures = await createMediaFixtures();
const sql = connect(run.postgres, { timeoutMs: 20_000 });
afterAll(() => Promise.all([fixtures.close(), sql.end()]));

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

/** Compares the rows and counters of an organization with its stored files. */
function inspectFiles(organizationId: Id<'org'>) {
  const directory = process.env.STORAGE_DIRECTORY ?? '';
  const config = { provider: 'local', directory, maxFileBytes: 1 } as const;
  return inspectStoredFiles(sql, createStorage(config, { signer: {} as never }), organizationId);
}

test.skipIf(!isLocalStack)(
  `files and rows match after kills during uploads and transcoding, seed ${seed}`,
  async () => {
    const { token, organizationId } = await registerOwner();
    const id = organizationId as Id<'org'>;
    const video = await upload(token, new Blob([await fixtures.phoneVideo()]), 'video.mp4');
    const recording = () => call('GET', `/v1/attachments/${video.body.id}/recording`, { token });
    await until(async () => (await recording()).body.status, {
      equals: 'working',
      timeoutMs: 60_000,
    });
    await killService(({ kind }) => kind === 'worker');
    let broken = 0;
    for (let round = 0; round < ROUNDS; round++) broken += await killUploads(token);
    expect(broken).toBeGreaterThan(0);
    await until(async () => (await recording()).body.status, {
      equals: 'ready',
      timeoutMs: 90_000,
    });
    await until(async () => !(await inspectFiles(id)).statuses.includes('pending'), {
      timeoutMs: 90_000,
    });
    await expireUploads(sql, id);
    expect((await runDesk(['files', 'collect'])).code).toBe(0);
    const flags = ['--organization', id, '--older-than', '0'];
    expect((await runDesk(['files', 'collect', ...flags])).code).toBe(0);
    const { expectedKeys, storedKeys, sizeBytes, countedBytes, pending, statuses } =
      await inspectFiles(id);
    expect(statuses).toEqual(['ready']);
    expect(storedKeys).toEqual(expectedKeys);
    expect(countedBytes).toBe(sizeBytes);
    expect(pending).toEqual({ reservations: 0, uploads: 0 });
    const { code, output } = await runDesk(['files', 'check', '--checksums', ...flags]);
    expect(output).toContain('without a row: 0 files, 0 bytes');
    expect(code).toBe(0);
  },
  240_000,
);
