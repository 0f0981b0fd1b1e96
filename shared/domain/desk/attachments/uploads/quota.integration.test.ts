import { afterAll, expect, test } from 'bun:test';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { createConversation } from '@insightdesk/shared/domain/desk/conversations';
import { updateQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { createIdempotency } from '@insightdesk/shared/idempotency';
import type { JobRun } from '@insightdesk/shared/jobs';
import { createMemoryStorage } from '@insightdesk/shared/storage';
import { createIsolatedTestContext } from '@insightdesk/shared/testing';
import { expireUploads } from '../cleanup/expire-uploads.ts';
import { openTestAttachments } from '../test-attachments.ts';
import { uploadAttachment } from './upload-attachment.ts';

// An own database: uploads expire for all organizations.
const stage = await createIsolatedTestContext();
const { admin } = stage;
afterAll(stage.close);

const run = { signal: new AbortController().signal } as JobRun;
const expire = () => expireUploads(stage.context, {}, run);

async function setUp(quota?: number) {
  const desk = await openTestAttachments(stage);
  const { tenantId, customer, usedBytes: used, makeOlder } = desk;
  if (quota !== undefined) {
    await updateQuota(desk.worker(), { metric: 'stored-bytes', value: quota });
  }
  const attached = async () => {
    const [row] = await admin`select coalesce(sum(size_bytes), 0)::int8 as bytes from attachments
      where tenant_id = ${toUuid(tenantId)}`;
    return Number(row?.bytes);
  };
  /** Uploads a text of this length. */
  const upload = (length: number, options: Parameters<typeof desk.upload>[1] = {}) =>
    desk.upload('x'.repeat(length), options);
  return { tenantId, customer, used, attached, upload, makeOlder };
}

const files = () => Array.fromAsync(stage.context.files.storage.list(''));

test('concurrent uploads fill the quota exactly', async () => {
  const { upload, used, attached } = await setUp(100_000);
  const results = await Promise.allSettled(Array.from({ length: 30 }, () => upload(10_000)));
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
  const { customer, upload, used, attached } = await setUp(50_000);
  await upload(1_000, { maxBytes: 50_000 });
  expect(await used()).toBe(1_000);
  await expect(upload(60_000, { maxBytes: 40_000 })).rejects.toMatchObject({ status: 413 });
  await expect(upload(500, { name: 'a.png' })).rejects.toMatchObject({
    code: 'CONTENT_TYPE_MISMATCH',
  });
  // An upload of unknown length reserves the maximum size of a file.
  const unknown = { name: 'a.txt', contentType: '', body: new Blob(['x']).stream() };
  await expect(uploadAttachment(customer, unknown)).rejects.toMatchObject({
    code: 'QUOTA_EXCEEDED',
  });
  expect([await used(), await attached()]).toEqual([1_000, 1_000]);
});

test('reserving bytes does not use the idempotency key, and a repeated upload succeeds when the quota is full', async () => {
  const { customer, tenantId, used } = await setUp(50_000);
  const storage = createMemoryStorage();
  const store = storage.upload.bind(storage);
  const claimed: number[] = [];
  storage.upload = async (...given) => {
    const rows = await admin`select 1 from idempotency_keys where tenant_id = ${toUuid(tenantId)}`;
    claimed.push(rows.length);
    return store(...given);
  };
  const watched = { ...customer, files: { ...customer.files, storage } };
  async function send(length: number) {
    const keyed = { key: 'one-key', fingerprint: [], isIncomplete: true };
    const idempotency = createIdempotency(watched, keyed, (result) => {
      return { status: 201, body: JSON.stringify(result), headers: {} };
    });
    const body = new Blob(['x'.repeat(length)]).stream();
    const file = { name: 'a.txt', contentType: '', body };
    try {
      return await uploadAttachment({ ...watched, idempotency }, { ...file, maxBytes: 40_000 });
    } catch (error) {
      const stored = await idempotency.findResponse(error);
      if (!stored) throw error;
      return JSON.parse(stored.body ?? '');
    }
  }
  await expect(send(45_000)).rejects.toMatchObject({ status: 413 });
  const first = await send(40_000);
  expect(await send(40_000)).toEqual(first);
  await expect(send(39_000)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect([await used(), claimed]).toEqual([40_000, [0, 0]]);
});

test('a quota of 0 is unlimited, and existing files are counted', async () => {
  const { upload, tenantId, used, attached } = await setUp(0);
  await upload(2_000);
  await admin`delete from stored_bytes where tenant_id = ${toUuid(tenantId)}`;
  await Promise.all([upload(3_000), upload(4_000)]);
  expect([await used(), await attached()]).toEqual([9_000, 9_000]);
});

test('an upload that no message claimed within a day is deleted with its files and bytes', async () => {
  const { customer, used, upload, makeOlder } = await setUp();
  const [old, young, claimed] = [await upload(5_000), await upload(700), await upload(600)];
  await createConversation(customer, { subject: 's', body: 'b', attachmentIds: [claimed.id] });
  for (const { id } of [old, claimed]) await makeOlder(id, 25);
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
  const { upload, makeOlder } = await setUp();
  const { id } = await upload(10);
  await makeOlder(id, 25);
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
  const { customer, upload, used, attached, makeOlder } = await setUp();
  const ids: Id<'att'>[] = [];
  for (let n = 0; n < 12; n++) {
    const { id } = await upload(100);
    await makeOlder(id, 25);
    ids.push(id);
  }
  const claims = ids.map((id) =>
    createConversation(customer, { subject: 's', body: 'b', attachmentIds: [id] }).then(
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
  await upload(100);
  const id = toUuid(tenantId);
  await admin`select app.reserve_bytes(${id}, ${crypto.randomUUID()}, 777, 0)`;
  await expire();
  expect(await used()).toBe(877);
  await admin`update byte_reservations set expires_at = now() - interval '1 second'`;
  await expire();
  expect(await used()).toBe(100);
});
