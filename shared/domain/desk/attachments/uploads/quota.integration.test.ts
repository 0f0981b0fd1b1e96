import { afterAll, expect, test } from 'bun:test';
import { type Context, systemContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { createConversation } from '@insightdesk/shared/domain/desk/conversations';
import { updateQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { createIdempotency } from '@insightdesk/shared/idempotency';
import type { JobRun } from '@insightdesk/shared/jobs';
import { createMemoryStorage } from '@insightdesk/shared/storage';
import { createIsolatedTestContext, createTestTenant } from '@insightdesk/shared/testing';
import { expireUploads } from '../cleanup/expire-uploads.ts';
import { uploadAttachment } from './upload-attachment.ts';

// An own database: uploads expire for all organizations.
const stage = await createIsolatedTestContext();
const { admin } = stage;
afterAll(stage.close);

const run = { signal: new AbortController().signal } as JobRun;
const expire = () => expireUploads(stage.context, {}, run);

async function setUp(quota?: number) {
  const { owner, tenantId } = await createTestTenant(stage.context);
  const system = systemContext(stage.context, 'desk', { tenantId, requestId: 'test' });
  if (quota !== undefined) await updateQuota(system, { metric: 'stored-bytes', value: quota });
  const used = async () => {
    const [row] = await admin`select bytes::int8 as bytes from stored_bytes
      where tenant_id = ${toUuid(tenantId)}`;
    return Number(row?.bytes ?? 0);
  };
  const attached = async () => {
    const [row] = await admin`select coalesce(sum(size_bytes), 0)::int8 as bytes from attachments
      where tenant_id = ${toUuid(tenantId)}`;
    return Number(row?.bytes);
  };
  const upload = (bytes: Uint8Array<ArrayBuffer>, name: string) =>
    uploadAttachment(owner, { name, contentType: '', body: new Blob([bytes]).stream() });
  return { owner, tenantId, system, used, attached, upload };
}

const text = (length: number) => new TextEncoder().encode('x'.repeat(length));
const sized = (owner: Context, length: number, maxBytes = length) =>
  uploadAttachment(owner, {
    name: 'a.txt',
    contentType: 'text/plain',
    body: new Blob([text(length)]).stream(),
    maxBytes,
  });
const files = () => Array.fromAsync(stage.context.files.storage.list(''));
const age = (id: string) =>
  admin`update attachments set created_at = now() - interval '25 hours'
    where id = ${toUuid(id as `att_${string}`)}`;

test('concurrent uploads fill the quota exactly', async () => {
  const { owner, used, attached } = await setUp(100_000);
  const results = await Promise.allSettled(Array.from({ length: 30 }, () => sized(owner, 10_000)));
  const rejected = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  expect(rejected).toHaveLength(20);
  for (const reason of rejected) {
    expect(reason).toMatchObject({ code: 'QUOTA_EXCEEDED', status: 422 });
  }
  expect(rejected[0].errors[0].message).toContain('100000 allowed');
  expect([await used(), await attached()]).toEqual([100_000, 100_000]);
  expect(await admin`select 1 from byte_reservations`).toHaveLength(0);
});

test('a failed or smaller upload releases its reserved bytes', async () => {
  const { owner, upload, used, attached } = await setUp(50_000);
  await sized(owner, 1_000, 50_000);
  expect(await used()).toBe(1_000);
  await expect(sized(owner, 60_000, 40_000)).rejects.toMatchObject({ status: 413 });
  await expect(
    uploadAttachment(owner, {
      name: 'a.png',
      contentType: 'image/png',
      body: new Blob([text(500)]).stream(),
      maxBytes: 500,
    }),
  ).rejects.toMatchObject({ code: 'CONTENT_TYPE_MISMATCH' });
  // An upload of unknown length reserves the maximum size of a file.
  await expect(upload(text(10), 'a.txt')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  expect([await used(), await attached()]).toEqual([1_000, 1_000]);
});

test('reserving bytes does not use the idempotency key, and a repeated upload succeeds when the quota is full', async () => {
  const { owner, tenantId, used } = await setUp(50_000);
  const storage = createMemoryStorage();
  const store = storage.upload.bind(storage);
  const claimed: number[] = [];
  storage.upload = async (...given) => {
    const rows = await admin`select 1 from idempotency_keys where tenant_id = ${toUuid(tenantId)}`;
    claimed.push(rows.length);
    return store(...given);
  };
  const watched = { ...owner, files: { ...owner.files, storage } };
  async function send(bytes: Uint8Array<ArrayBuffer>) {
    const keyed = { key: 'one-key', fingerprint: [], isIncomplete: true };
    const idempotency = createIdempotency(watched, keyed, (result) => {
      return { status: 201, body: JSON.stringify(result), headers: {} };
    });
    const file = { name: 'a.txt', contentType: '', body: new Blob([bytes]).stream() };
    try {
      return await uploadAttachment({ ...watched, idempotency }, { ...file, maxBytes: 40_000 });
    } catch (error) {
      const stored = await idempotency.findResponse(error);
      if (!stored) throw error;
      return JSON.parse(stored.body ?? '');
    }
  }
  await expect(send(text(45_000))).rejects.toMatchObject({ status: 413 });
  const first = await send(text(40_000));
  expect(await send(text(40_000))).toEqual(first);
  await expect(send(text(39_000))).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect([await used(), claimed]).toEqual([40_000, [0, 0]]);
});

test('a quota of 0 is unlimited, and existing files are counted', async () => {
  const { owner, tenantId, used, attached } = await setUp(0);
  await sized(owner, 2_000);
  await admin`delete from stored_bytes where tenant_id = ${toUuid(tenantId)}`;
  await Promise.all([sized(owner, 3_000), sized(owner, 4_000)]);
  expect([await used(), await attached()]).toEqual([9_000, 9_000]);
});

test('an upload that no message claimed within a day is deleted with its files and bytes', async () => {
  const { owner, used, upload } = await setUp();
  const old = await upload(text(5_000), 'old.txt');
  const young = await upload(text(700), 'young.txt');
  const claimed = await upload(text(600), 'claimed.txt');
  await createConversation(owner, { subject: 's', body: 'b', attachmentIds: [claimed.id] });
  for (const { id } of [old, claimed]) await age(id);
  const before = (await files()).length;
  expect(await expire()).toMatchObject({ attachments: 1 });
  const left = await files();
  expect(left).toHaveLength(before - 1);
  expect(left.some(({ key }) => key.includes(old.id))).toBe(false);
  expect(left.some(({ key }) => key.includes(young.id))).toBe(true);
  expect(await used()).toBe(1_300);
  expect(await expire()).toMatchObject({ attachments: 0 });
});

test('an expiry interrupted between rows and files is completed by the next run', async () => {
  const { upload } = await setUp();
  const { id } = await upload(text(10), 'a.txt');
  await age(id);
  const broken = {
    ...stage.context.files.storage,
    delete: () => Promise.reject(new Error('cut off')),
  };
  await expect(
    expireUploads(
      { ...stage.context, files: { ...stage.context.files, storage: broken } },
      {},
      run,
    ),
  ).rejects.toThrow('cut off');
  expect((await files()).some(({ key }) => key.includes(id))).toBe(true);
  await expire();
  expect((await files()).some(({ key }) => key.includes(id))).toBe(false);
});

test('exactly one of a claim and an expiry at the same time succeeds', async () => {
  const { owner, upload, used, attached } = await setUp();
  const ids: Id<'att'>[] = [];
  for (let n = 0; n < 12; n++) {
    const { id } = await upload(text(100), 'a.txt');
    await age(id);
    ids.push(id);
  }
  const claims = ids.map((id) =>
    createConversation(owner, { subject: 's', body: 'b', attachmentIds: [id] }).then(
      () => id,
      (error) => {
        expect(error).toMatchObject({ code: 'ATTACHMENT_NOT_AVAILABLE' });
        return undefined;
      },
    ),
  );
  const [, ...outcomes] = await Promise.all([expire(), ...claims]);
  await expire();
  const won = outcomes.filter((id) => id !== undefined);
  const there = (await files()).map(({ key }) => key);
  for (const id of ids) expect(there.some((key) => key.includes(id))).toBe(won.includes(id));
  expect([await used(), await attached()]).toEqual([won.length * 100, won.length * 100]);
});

test('reserved bytes of uploads that never ended are released after an hour', async () => {
  const { tenantId, used, upload } = await setUp();
  await upload(text(100), 'a.txt');
  const id = toUuid(tenantId);
  await admin`select app.reserve_bytes(${id}, ${crypto.randomUUID()}, 777, 0)`;
  await expire();
  expect(await used()).toBe(877);
  await admin`update byte_reservations set expires_at = now() - interval '1 second'`;
  await expire();
  expect(await used()).toBe(100);
});
