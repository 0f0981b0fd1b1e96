import { afterAll, expect, test } from 'bun:test';
import { type Context, systemContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { createConversation } from '@insightdesk/shared/domain/desk/conversations';
import { setQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { createOnce } from '@insightdesk/shared/idempotency';
import type { JobRun } from '@insightdesk/shared/jobs';
import { createMemoryStorage } from '@insightdesk/shared/storage';
import { createTestTenant, openTestStage } from '@insightdesk/shared/testing';
import { expireUploads } from '../cleanup/expire-uploads.ts';
import { uploadAttachment } from './upload-attachment.ts';

// A database of its own: what is collected is collected for all organisations.
const stage = await openTestStage();
const { admin } = stage;
afterAll(stage.close);

const run = { signal: new AbortController().signal } as JobRun;
const collect = () => expireUploads(stage.context, {}, run);

async function setUp(quota?: number) {
  const { owner, tenantId } = await createTestTenant(stage.context);
  const system = systemContext(stage.context, 'desk', { tenantId, requestId: 'test' });
  if (quota !== undefined) await setQuota(system, { metric: 'stored-bytes', value: quota });
  const used = async () => {
    const [row] = await admin`select bytes::int8 as bytes from stored_bytes
      where tenant_id = ${toUuid(tenantId)}`;
    return Number(row?.bytes ?? 0);
  };
  const kept = async () => {
    const [row] = await admin`select coalesce(sum(size_bytes), 0)::int8 as bytes from attachments
      where tenant_id = ${toUuid(tenantId)}`;
    return Number(row?.bytes);
  };
  const upload = (bytes: Uint8Array<ArrayBuffer>, name: string) =>
    uploadAttachment(owner, { name, contentType: '', body: new Blob([bytes]).stream() });
  return { owner, tenantId, system, used, kept, upload };
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

test('thirty at once: not one byte more than the quota, and not one less than fits', async () => {
  const { owner, used, kept } = await setUp(100_000);
  const results = await Promise.allSettled(Array.from({ length: 30 }, () => sized(owner, 10_000)));
  const refused = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  expect(refused).toHaveLength(20);
  for (const reason of refused) {
    expect(reason).toMatchObject({ code: 'QUOTA_EXCEEDED', status: 422 });
  }
  expect(refused[0].errors[0].message).toContain('100000 allowed');
  expect([await used(), await kept()]).toEqual([100_000, 100_000]);
  expect(await admin`select 1 from byte_reservations`).toHaveLength(0);
});

test('what fails or turns out smaller gives back what was set aside', async () => {
  const { owner, upload, used, kept } = await setUp(50_000);
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
  // Whose length is not known sets aside as much as a file may have.
  await expect(upload(text(10), 'a.txt')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  expect([await used(), await kept()]).toEqual([1_000, 1_000]);
});

test('setting bytes aside takes no request’s key, and a full quota hides no answer', async () => {
  const { owner, tenantId, used } = await setUp(50_000);
  const storage = createMemoryStorage();
  const store = storage.upload.bind(storage);
  const claimed: number[] = [];
  storage.upload = async (...given) => {
    const rows = await admin`select 1 from kept_answers where tenant_id = ${toUuid(tenantId)}`;
    claimed.push(rows.length);
    return store(...given);
  };
  const watched = { ...owner, files: { ...owner.files, storage } };
  async function send(bytes: Uint8Array<ArrayBuffer>) {
    const keyed = { key: 'one-key', words: [], isOpen: true };
    const once = createOnce(watched, keyed, (result) => {
      return { status: 201, body: JSON.stringify(result), headers: {} };
    });
    const file = { name: 'a.txt', contentType: '', body: new Blob([bytes]).stream() };
    try {
      return await uploadAttachment({ ...watched, once }, { ...file, maxBytes: 40_000 });
    } catch (error) {
      const kept = await once.recall(error);
      if (!kept) throw error;
      return JSON.parse(kept.body ?? '');
    }
  }
  await expect(send(text(45_000))).rejects.toMatchObject({ status: 413 });
  const first = await send(text(40_000));
  expect(await send(text(40_000))).toEqual(first);
  await expect(send(text(39_000))).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect([await used(), claimed]).toEqual([40_000, [0, 0]]);
});

test('no quota is no limit; what was there before is counted', async () => {
  const { owner, tenantId, used, kept } = await setUp(0);
  await sized(owner, 2_000);
  await admin`delete from stored_bytes where tenant_id = ${toUuid(tenantId)}`;
  await Promise.all([sized(owner, 3_000), sized(owner, 4_000)]);
  expect([await used(), await kept()]).toEqual([9_000, 9_000]);
});

test('an upload that nobody claimed in a day goes, with its files and its bytes', async () => {
  const { owner, used, upload } = await setUp();
  const old = await upload(text(5_000), 'old.txt');
  const young = await upload(text(700), 'young.txt');
  const claimed = await upload(text(600), 'claimed.txt');
  await createConversation(owner, { subject: 's', body: 'b', attachmentIds: [claimed.id] });
  for (const { id } of [old, claimed]) await age(id);
  const before = (await files()).length;
  expect(await collect()).toMatchObject({ attachments: 1 });
  const left = await files();
  expect(left).toHaveLength(before - 1);
  expect(left.some(({ key }) => key.includes(old.id))).toBe(false);
  expect(left.some(({ key }) => key.includes(young.id))).toBe(true);
  expect(await used()).toBe(1_300);
  expect(await collect()).toMatchObject({ attachments: 0 });
});

test('cut off between rows and files: the next run ends it', async () => {
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
  await collect();
  expect((await files()).some(({ key }) => key.includes(id))).toBe(false);
});

test('a claim and the collection at once: one of them has it, never half', async () => {
  const { owner, upload, used, kept } = await setUp();
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
  const [, ...outcomes] = await Promise.all([collect(), ...claims]);
  await collect();
  const won = outcomes.filter((id) => id !== undefined);
  const there = (await files()).map(({ key }) => key);
  for (const id of ids) expect(there.some((key) => key.includes(id))).toBe(won.includes(id));
  expect([await used(), await kept()]).toEqual([won.length * 100, won.length * 100]);
});

test('bytes of uploads that never ended are given back after an hour', async () => {
  const { tenantId, used, upload } = await setUp();
  await upload(text(100), 'a.txt');
  const id = toUuid(tenantId);
  await admin`select app.reserve_bytes(${id}, ${crypto.randomUUID()}, 777, 0)`;
  await collect();
  expect(await used()).toBe(877);
  await admin`update byte_reservations set expires_at = now() - interval '1 second'`;
  await collect();
  expect(await used()).toBe(100);
});
