import { afterAll, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { createConversation } from '@insightdesk/shared/domain/desk/conversations';
import { createIsolatedTestContext } from '@insightdesk/shared/testing';
import {
  appendToUpload,
  completeDirectUpload,
  createDirectUpload,
  createResumableUpload,
  deleteAttachment,
  deleteQueuedFiles,
  expireUploads,
  getAttachment,
  getResumableUpload,
  reconcileFiles,
} from '../index.ts';
import { openTestAttachments } from '../test-attachments.ts';

// An own database: cleanup is for all organizations.
const stage = await createIsolatedTestContext();
const { admin } = stage;
afterAll(stage.close);

const { storage } = stage.context.files;
const { signal } = new AbortController();
const expire = () => expireUploads(stage.context, {}, { signal });

test('an expired upload is deleted with its bytes and files, and cannot be completed', async () => {
  const desk = await openTestAttachments(stage);
  const { customer, fileNames, usedBytes } = desk;
  const holder = crypto.randomUUID();
  const fields = { name: 'a', sizeBytes: 10, metadata: {}, holder };
  const { id } = await createResumableUpload(customer, fields);
  await appendToUpload(customer, { id, offset: 0, holder, body: new Blob(['abc']).stream() });
  const direct = await createDirectUpload(customer, { name: 'b', sizeBytes: 3 });
  await desk.putStaged(direct.id, 'abc');
  await expire();
  expect([await usedBytes(), (await fileNames()).length]).toEqual([13, 2]);
  for (const table of ['uploads', 'byte_reservations']) {
    await admin`update ${admin(table)} set expires_at = now() - interval '1 second'
      where tenant_id = ${toUuid(desk.tenantId)}`;
  }
  await expect(getResumableUpload(customer, { id })).rejects.toMatchObject({ status: 410 });
  await expire();
  expect([await usedBytes(), await fileNames()]).toEqual([0, []]);
  await expect(getResumableUpload(customer, { id })).rejects.toMatchObject({ status: 404 });
  await expect(completeDirectUpload(customer, { id: direct.id })).rejects.toMatchObject({
    status: 404,
  });
});

test('an upload in any state is deleted by its uploader only, until a message claims it', async () => {
  const desk = await openTestAttachments(stage);
  const { customer, agent, owner } = desk;
  const { id: open } = await createDirectUpload(customer, { name: 'b', sizeBytes: 3 });
  await desk.putStaged(open, 'abc');
  const completed = await desk.uploadDirect('hello');
  const ready = await desk.uploadDirect('ready');
  const claimed = await desk.uploadDirect('claim');
  for (const id of [ready, claimed]) await desk.process(id);
  await createConversation(customer, { subject: 's', body: 'b', attachmentIds: [claimed] });
  for (const id of [open, completed, ready]) {
    for (const other of [agent, owner]) {
      await expect(deleteAttachment(other, { id })).rejects.toThrow();
    }
    await deleteAttachment(customer, { id });
    await deleteQueuedFiles(desk.worker(), { attachmentId: id });
    await expect(deleteAttachment(customer, { id })).rejects.toMatchObject({ status: 404 });
  }
  await expect(deleteAttachment(customer, { id: claimed })).rejects.toMatchObject({
    code: 'ATTACHMENT_IN_USE',
  });
  await desk.process(completed);
  expect([await desk.usedBytes(), await desk.fileNames()]).toEqual([5, ['original']]);
});

test('an attachment that waited a day for its check is rejected, also in a message', async () => {
  const desk = await openTestAttachments(stage);
  const id = await desk.uploadDirect('hello');
  await createConversation(desk.customer, { subject: 's', body: 'b', attachmentIds: [id] });
  await desk.makeOlder(id, 25);
  await expire();
  expect(await getAttachment(desk.agent, { id })).toMatchObject({ reason: 'PROCESSING_FAILED' });
  expect(await desk.fileNames()).toEqual([]);
});

test('reconcileFiles deletes orphans, rejects missing files and keeps young, open and foreign ones', async () => {
  const desk = await openTestAttachments(stage);
  const { agent, tenantId } = desk;
  const ready = await desk.uploadDirect('hello');
  const missing = await desk.uploadDirect('where');
  const damaged = await desk.uploadDirect('whole');
  for (const id of [ready, missing, damaged]) await desk.process(id);
  const { id: open } = await createDirectUpload(desk.customer, { name: 'b', sizeBytes: 3 });
  await desk.putStaged(open, 'abc');
  await storage.delete(desk.keyOf(missing, 'original'));
  await desk.put(damaged, 'original', 'holes');
  const orphan = 'att_01h2xcejqtf2nbrexx3vqjhp41';
  await desk.put(orphan, 'original', '1234567');
  const foreign = 'org_01h2xcejqtf2nbrexx3vqjhp41/attachments/x/original';
  await storage.upload(foreign, new Uint8Array(1), { contentType: 'x/y' });
  const options = { minAgeMs: -60_000, signal, withChecksums: true, isDryRun: false };
  const young = await reconcileFiles(stage.context, { ...options, minAgeMs: 60_000 });
  expect(young).toMatchObject({ orphans: { files: 0 }, missing: [] });
  const before = await desk.fileNames();
  const dryRun = await reconcileFiles(stage.context, { ...options, tenantId, isDryRun: true });
  expect(dryRun).toMatchObject({
    orphans: { files: 1, bytes: 7 },
    missing: [missing],
    damaged: [damaged],
  });
  expect(await desk.fileNames()).toEqual(before);
  expect((await getAttachment(agent, { id: missing })).status).toBe('ready');
  const report = await reconcileFiles(stage.context, options);
  expect(report.orphans).toEqual({ files: 1, bytes: 7 });
  expect(report.missing).toEqual([missing]);
  expect(await getAttachment(agent, { id: missing })).toMatchObject({ reason: 'FILE_MISSING' });
  expect(await desk.fileNames(orphan)).toEqual([]);
  expect(await desk.fileNames(open)).toEqual(['staged']);
  expect(await storage.exists(foreign)).toBe(true);
  const again = await reconcileFiles(desk.worker(), options);
  expect(again).toMatchObject({ orphans: { files: 0 }, missing: [] });
  await storage.delete(foreign);
});

test('reconcileFiles expires uploads of all organizations, but not in a dry run', async () => {
  const desk = await openTestAttachments(stage);
  const id = await desk.uploadDirect('hello');
  await desk.process(id);
  await desk.makeOlder(id, 25);
  const options = { minAgeMs: 60_000, signal, isDryRun: true };
  await reconcileFiles(stage.context, options);
  expect(await desk.fileNames()).toEqual(['original']);
  await reconcileFiles(stage.context, { ...options, isDryRun: false });
  expect(await desk.fileNames()).toEqual([]);
});
