import { afterAll, expect, test } from 'bun:test';
import { withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { updateQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import type { JobRun } from '@insightdesk/shared/jobs';
import { createMemoryStorage } from '@insightdesk/shared/storage';
import { createIsolatedTestContext } from '@insightdesk/shared/testing';
import {
  deleteAttachment,
  deleteQueuedFiles,
  expireUploads,
  getAttachment,
  processAttachment,
  reconcileFiles,
} from '../index.ts';
import { openTestAttachments } from '../test-attachments.ts';

// An own database, where no running worker takes the jobs; cleanup is for all organizations.
const stage = await createIsolatedTestContext();
const { admin } = stage;
afterAll(stage.close);

const storage = createMemoryStorage({ signer: stage.container.fileUrls });
const signal = new AbortController().signal;
const antivirus = {
  isEnabled: true,
  scan: async () => ({ clean: false, found: 'Test.Virus' }) as never,
};
const expire = (files = { storage }) =>
  expireUploads({ ...stage.context, files: { ...stage.context.files, ...files } }, {}, {
    signal,
  } as JobRun);
const rejections = (id: Id<'att'>) => admin`select payload from outbox
  where name = 'attachment.rejected' and payload -> 'attachment' ->> 'id' = ${id}`;

async function setUp() {
  const desk = await openTestAttachments(stage, { storage, antivirus });
  const { tenantId, usedBytes: used, fileNames, customer: caller, makeOlder, put } = desk;
  const upload = async (text: string) => (await desk.upload(text)).id;
  const stored = async () => (await fileNames()).length;
  const queued = async () =>
    (await admin`select 1 from deleted_attachments where tenant_id = ${toUuid(tenantId)}`).length;
  const see = (id: Id<'att'>) => getAttachment(caller, { id });
  const check = (id: Id<'att'>) => desk.process(id);
  const system = desk.worker();
  return { tenantId, system, caller, upload, stored, used, queued, see, check, makeOlder, put };
}

test('a rejected file no longer counts, its files are deleted, and its row has the reason', async () => {
  const { upload, stored, used, queued, see, check, system } = await setUp();
  const [other, id] = [await upload('12345'), await upload('1234567890')];
  expect([await used(), await stored()]).toEqual([15, 2]);
  await check(id);
  expect([await used(), await stored(), await queued()]).toEqual([5, 2, 1]);
  expect(await rejections(id)).toHaveLength(1);
  for (let times = 0; times < 2; times++) await deleteQueuedFiles(system, { attachmentId: id });
  expect([await used(), await stored(), await queued()]).toEqual([5, 1, 0]);
  expect(await see(id)).toMatchObject({
    status: 'rejected',
    reason: 'FILE_INFECTED',
    sizeBytes: 10,
  });
  expect((await see(other)).status).toBe('pending');
  await check(id);
  expect([await used(), await stored(), await queued()]).toEqual([5, 1, 0]);
  expect(await rejections(id)).toHaveLength(1);
});

test('the bytes of a rejected file are available at once, and released only once', async () => {
  const { upload, used, check, system, caller } = await setUp();
  await updateQuota(system, { metric: 'stored-bytes', value: 10 });
  const id = await upload('1234567890');
  await expect(upload('x')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  await check(id);
  await upload('abcdefghij');
  await deleteAttachment(caller, { id });
  expect(await used()).toBe(10);
  await expect(upload('x')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
});

test('two workers that reject a file at the same time release its bytes once', async () => {
  const { upload, used, check } = await setUp();
  const ids = await Promise.all(['aaaa', 'bbbb', 'cccc'].map(upload));
  await Promise.all([...ids, ...ids].map(check));
  expect(await used()).toBe(0);
  for (const id of ids) expect(await rejections(id)).toHaveLength(1);
});

test('files that a worker writes after another rejected the attachment are deleted', async () => {
  const { upload, stored, check, system, put } = await setUp();
  const id = await upload('1234567890');
  const late = {
    ...system,
    files: {
      ...system.files,
      antivirus: {
        isEnabled: true,
        async scan() {
          await check(id);
          await deleteQueuedFiles(system, { attachmentId: id });
          await put(id, 'late', 'abc');
          return { clean: true } as never;
        },
      },
    },
  };
  await processAttachment(late, { attachmentId: id });
  expect(await stored()).toBe(0);
});

test('files of a rejected attachment stay queued while storage is unavailable, even without its row', async () => {
  const { upload, stored, used, queued, check, makeOlder } = await setUp();
  const id = await upload('1234567890');
  await check(id);
  const broken = Object.assign(Object.create(storage), {
    delete: () => Promise.reject(new Error('unavailable')),
  });
  await expect(expire({ storage: broken })).rejects.toThrow('unavailable');
  await makeOlder(id, 25);
  await expect(expire({ storage: broken })).rejects.toThrow('unavailable');
  expect([await used(), await stored(), await queued()]).toEqual([0, 1, 1]);
  await expire();
  expect([await used(), await stored(), await queued()]).toEqual([0, 0, 0]);
});

test('reconcileFiles deletes files written to a rejected attachment', async () => {
  const { upload, stored, check, system, tenantId, see, makeOlder, put } = await setUp();
  const id = await upload('1234567890');
  await check(id);
  await deleteQueuedFiles(system, { attachmentId: id });
  for (const name of ['original', 'staged']) await put(id, name, 'abc');
  await makeOlder(id, 2);
  const options = { isDryRun: false, minAgeMs: -60_000, tenantId, signal };
  const report = await reconcileFiles(system, options);
  expect(report.orphans).toEqual({ files: 2, bytes: 6 });
  expect([await stored(), (await see(id)).reason]).toEqual([0, 'FILE_INFECTED']);
});

test('an earlier release that rejects a file also releases its bytes and queues its files', async () => {
  const { upload, used, queued, system } = await setUp();
  const id = await upload('1234567890');
  await withTenant(system, ({ tx }) =>
    tx.execute(
      `update attachments set status = 'rejected', rejection = 'X' where id = '${toUuid(id)}'`,
    ),
  );
  expect([await used(), await queued()]).toEqual([0, 1]);
});
