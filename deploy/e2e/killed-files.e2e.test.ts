import { afterAll, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { type StoredVariant, storageKey } from '@insightdesk/shared/domain/attachments';
import { createStorage } from '@insightdesk/shared/storage';
import { runDesk } from '../desk/test-command.ts';
import { call, isLocalStack, loadRun, registerOwner, run, until, upload } from './client.ts';
import { openStudio } from './recordings/make.ts';
import { end, killService } from './victims.ts';

const ROUNDS = 3;
const UPLOADS = 6;
const LONGEST_MS = 150;

const studio = await openStudio();
const sql = connect(run.postgres, { timeoutMs: 20_000 });
afterAll(() => Promise.all([studio.close(), sql.end()]));

const seed = Math.floor(Math.random() * 2 ** 31);
let state = seed;
function random(below: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return state % below;
}

/** Begins one that may be gone on with, and sends what there is. */
async function sendResumably(token: string, bytes: Uint8Array<ArrayBuffer>) {
  const version = { 'Tus-Resumable': '1.0.0' };
  const length = { 'Upload-Length': String(bytes.byteLength) };
  const begun = await call('POST', '/v1/uploads', { token, headers: { ...version, ...length } });
  const type = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0' };
  const headers = { ...version, ...type };
  const at = begun.headers.get('location') ?? '';
  return call('PATCH', at, { token, headers, raw: bytes, timeoutMs: 60_000 });
}

/** All APIs die while uploads of both kinds are on their way; resolves when they are back. */
async function killUploads(token: string) {
  const sent = Array.from({ length: UPLOADS }, (_, n) => {
    const bytes = randomBytes(1 + random(2_000_000)) as Uint8Array<ArrayBuffer>;
    return n % 2 ? sendResumably(token, bytes) : upload(token, new Blob([bytes]), `${n}.bin`);
  });
  const settled = Promise.allSettled(sent);
  await Bun.sleep(random(LONGEST_MS));
  const apis = loadRun().services.filter(({ kind }) => kind === 'api');
  await Promise.all(apis.map(({ pid = 0 }) => end(pid)));
  const answers = await settled;
  await until(async () => (await call('GET', '/v1/auth/me', { token })).status < 500, 30_000);
  return answers.filter((one) => one.status === 'rejected' || one.value.status >= 300).length;
}

/** What rows name and are counted with, and what is on the disk. */
async function lookAt(organizationId: Id<'org'>) {
  const tenant = toUuid(organizationId);
  const rows =
    await sql`select id, status, variants, app.bytes_of(size_bytes, variants)::text as bytes
    from attachments where tenant_id = ${tenant}`;
  const named = rows.flatMap(({ id, variants }) =>
    ['original', ...(variants as StoredVariant[]).map(({ name }) => name)].map((name) =>
      storageKey(organizationId, fromUuid('att', String(id)), name),
    ),
  );
  const directory = process.env.STORAGE_DIRECTORY ?? '';
  const config = { provider: 'local', directory, maxFileBytes: 1 } as const;
  const storage = createStorage(config, { signer: {} as never });
  const stored = await Array.fromAsync(storage.list(`${organizationId}/`));
  const [counted] = await sql`select bytes::text as bytes,
      (select count(*)::int from byte_reservations where tenant_id = ${tenant}) as reserved,
      (select count(*)::int from uploads where tenant_id = ${tenant}) as uploads
    from stored_bytes where tenant_id = ${tenant}`;
  return {
    statuses: [...new Set(rows.map(({ status }) => status))],
    named: named.toSorted(),
    stored: stored.map(({ key }) => key).toSorted(),
    kept: rows.reduce((sum, { bytes }) => sum + Number(bytes), 0),
    used: Number(counted?.bytes),
    open: { reservations: counted?.reserved, uploads: counted?.uploads },
  };
}

/** As if their hour or day were over. */
async function runOut(organizationId: Id<'org'>) {
  const tenant = toUuid(organizationId);
  await sql`update uploads set expires_at = now() - interval '1 second' where tenant_id = ${tenant}`;
  await sql`update byte_reservations set expires_at = now() - interval '1 second'
    where tenant_id = ${tenant}`;
}

test.skipIf(!isLocalStack)(
  `killed in the middle of uploads and of a film, seed ${seed}: once collected, rows are files and files are rows`,
  async () => {
    const { token, organizationId } = await registerOwner();
    const id = organizationId as Id<'org'>;
    const film = await upload(token, new Blob([await studio.phoneFilm()]), 'film.mp4');
    const recording = () => call('GET', `/v1/attachments/${film.body.id}/recording`, { token });
    await until(async () => (await recording()).body.status === 'working', 60_000);
    await killService(({ kind }) => kind === 'worker');
    let broken = 0;
    for (let round = 0; round < ROUNDS; round++) broken += await killUploads(token);
    expect(broken).toBeGreaterThan(0);
    await until(async () => (await recording()).body.status === 'ready', 90_000);
    await until(async () => !(await lookAt(id)).statuses.includes('pending'), 90_000);
    await runOut(id);
    expect((await runDesk(['files', 'collect'])).code).toBe(0);
    const words = ['--organization', id, '--older-than', '0'];
    expect((await runDesk(['files', 'collect', ...words])).code).toBe(0);
    const { named, stored, kept, used, open, statuses } = await lookAt(id);
    expect(statuses).toEqual(['ready']);
    expect(stored).toEqual(named);
    expect(used).toBe(kept);
    expect(open).toEqual({ reservations: 0, uploads: 0 });
    const { code, output } = await runDesk(['files', 'check', '--checksums', ...words]);
    expect(output).toContain('without a row: 0 files, 0 bytes');
    expect(code).toBe(0);
  },
  240_000,
);
