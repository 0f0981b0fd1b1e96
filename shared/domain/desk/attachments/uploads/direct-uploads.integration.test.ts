import { afterAll, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import type { Context } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { createConversation, listMessages } from '@insightdesk/shared/domain/desk/conversations';
import { UnavailableError } from '@insightdesk/shared/errors';
import { createIsolatedTestContext } from '@insightdesk/shared/testing';
import {
  completeDirectUpload,
  createDirectUpload,
  createResumableUpload,
  downloadAttachment,
  getAttachment,
  reconcileFiles,
  updateFilePolicy,
  uploadAttachment,
} from '../index.ts';
import { openTestAttachments } from '../test-attachments.ts';

// An own database, where no running worker takes the jobs.
const stage = await createIsolatedTestContext();
const { admin } = stage;
afterAll(stage.close);

const { storage } = stage.context.files;
const signal = new AbortController().signal;
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const antivirusOf = (verdict: unknown) => ({ isEnabled: true, scan: async () => verdict as never });

test('a direct upload reserves its bytes, completes once, and is visible to others after the check', async () => {
  const desk = await openTestAttachments(stage);
  const { customer, agent, fileNames, usedBytes } = desk;
  const fields = { name: 'C:\\x\\a.txt', sizeBytes: 5, sha256: hash('hello') };
  const created = await createDirectUpload(customer, fields);
  const { id } = created;
  expect(created).toMatchObject({ method: 'PUT' });
  expect(await usedBytes()).toBe(5);
  await expect(completeDirectUpload(customer, { id })).rejects.toMatchObject({
    code: 'NOT_UPLOADED',
  });
  await desk.putStaged(id, 'hell');
  await expect(completeDirectUpload(customer, { id })).rejects.toMatchObject({
    code: 'SIZE_MISMATCH',
  });
  await desk.putStaged(id, 'hello');
  await expect(completeDirectUpload(agent, { id })).rejects.toMatchObject({ status: 404 });
  const both = await Promise.all([1, 2].map(() => completeDirectUpload(customer, { id })));
  expect(both[0]).toMatchObject({ id, name: 'a.txt', status: 'pending', sizeBytes: 5 });
  expect(both[1]).toEqual(both[0] as never);
  await expect(getAttachment(agent, { id })).rejects.toMatchObject({ status: 404 });
  await expect(downloadAttachment(customer, { id })).rejects.toMatchObject({
    code: 'ATTACHMENT_PENDING',
  });
  await desk.process(id);
  expect(await getAttachment(agent, { id })).toMatchObject({
    status: 'ready',
    contentType: 'text/plain',
  });
  const file = await downloadAttachment(agent, { id });
  expect(await new Response(await file.stream()).text()).toBe('hello');
  expect([await usedBytes(), await fileNames(id)]).toEqual([5, ['original']]);
});

test('a file that was replaced or deleted after completion is rejected', async () => {
  const desk = await openTestAttachments(stage);
  const { agent } = desk;
  const id = await desk.uploadDirect('hello', { sha256: hash('hello') });
  await desk.putStaged(id, 'jello');
  await desk.process(id);
  expect(await getAttachment(agent, { id })).toMatchObject({
    status: 'rejected',
    reason: 'CHECKSUM_MISMATCH',
  });
  await expect(downloadAttachment(agent, { id })).rejects.toMatchObject({
    code: 'ATTACHMENT_REJECTED',
  });
  const longer = await desk.uploadDirect('hello');
  await desk.putStaged(longer, 'hello!');
  await desk.process(longer);
  expect((await getAttachment(agent, { id: longer })).status).toBe('rejected');
  const missing = await desk.uploadDirect('hello');
  await storage.delete(desk.keyOf(missing, 'staged'));
  await desk.process(missing);
  expect((await getAttachment(agent, { id: missing })).reason).toBe('FILE_MISSING');
  expect(await desk.fileNames()).toEqual(['original']);
});

test('a write to the signed URL after the check changes nothing and is deleted as an orphan', async () => {
  const desk = await openTestAttachments(stage);
  const id = await desk.uploadDirect('hello');
  await desk.process(id);
  await desk.putStaged(id, 'evil!');
  const file = await downloadAttachment(desk.agent, { id });
  expect(await new Response(await file.stream()).text()).toBe('hello');
  const options = { isDryRun: false, minAgeMs: -1_000, tenantId: desk.tenantId, signal };
  const { orphans } = await reconcileFiles(desk.worker(), options);
  expect(orphans).toEqual({ files: 1, bytes: 5 });
  expect(await desk.fileNames(id)).toEqual(['original']);
});

test('the file policy limits sizes before an upload and types by detected content', async () => {
  const desk = await openTestAttachments(stage);
  const { owner, customer, agent } = desk;
  await expect(updateFilePolicy(agent, { maxFileBytes: 10 })).rejects.toMatchObject({
    status: 403,
  });
  await updateFilePolicy(owner, { maxFileBytes: 10 });
  await updateFilePolicy(owner, { refusedTypes: ['text/*'] });
  await expect(desk.uploadDirect('twelve bytes')).rejects.toMatchObject({ status: 413 });
  const holder = crypto.randomUUID();
  const fields = { name: 'a', sizeBytes: 11, metadata: {}, holder };
  await expect(createResumableUpload(customer, fields)).rejects.toMatchObject({ status: 413 });
  const upload = (text: string) =>
    uploadAttachment(customer, { name: 'a', contentType: '', body: new Blob([text]).stream() });
  await expect(upload('twelve bytes')).rejects.toMatchObject({ status: 413 });
  await expect(upload('text')).rejects.toMatchObject({ code: 'FILE_TYPE_REFUSED' });
  const id = await desk.uploadDirect('text');
  await desk.process(id);
  expect((await getAttachment(agent, { id })).reason).toBe('FILE_TYPE_REFUSED');
  await updateFilePolicy(owner, { maxFileBytes: null, refusedTypes: [] });
  expect((await upload('twelve bytes')).status).toBe('ready');
  const disguised = await desk.uploadDirect('no image', { name: 'a.png' });
  await desk.process(disguised);
  expect((await getAttachment(agent, { id: disguised })).reason).toBe('CONTENT_TYPE_MISMATCH');
});

test('an attachment in quarantine is visible to its uploader only, also in a message', async () => {
  const desk = await openTestAttachments(stage, { antivirus: antivirusOf({ clean: true }) });
  const { customer, agent, owner } = desk;
  const body = new Blob(['text']).stream();
  const file = { name: 'a.txt', contentType: '', body };
  const { id, status } = await uploadAttachment(customer, file);
  expect(status).toBe('pending');
  const { id: conversation } = await createConversation(customer, {
    subject: 's',
    body: 'b',
    attachmentIds: [id],
  });
  const visibleTo = async (ctx: Context) => {
    const { items } = await listMessages(ctx, { id: conversation });
    return items.flatMap(({ attachments }) => attachments.map((attachment) => attachment.id));
  };
  const published = async () => {
    const rows = await admin`select payload from outbox
      where tenant_id = ${toUuid(desk.tenantId)} and name in ('message.created', 'attachment.ready')
      order by position`;
    return rows.map(({ payload }) => payload.message?.attachments ?? payload.attachment.id);
  };
  for (const other of [agent, owner]) {
    expect(await visibleTo(other)).toEqual([]);
    await expect(getAttachment(other, { id })).rejects.toMatchObject({ status: 404 });
    await expect(downloadAttachment(other, { id })).rejects.toMatchObject({ status: 404 });
  }
  expect(await visibleTo(customer)).toEqual([id]);
  expect(await published()).toEqual([[]]);
  await desk.process(id);
  for (const each of [agent, owner, customer]) expect(await visibleTo(each)).toEqual([id]);
  expect(await published()).toEqual([[], id]);
});

test('an infected file is rejected, and a file stays in quarantine while the antivirus is unavailable', async () => {
  const antivirus = antivirusOf({ clean: false, found: 'Test.Virus' });
  const desk = await openTestAttachments(stage, { antivirus });
  const { agent } = desk;
  const unavailable = {
    isEnabled: true,
    scan: async () => {
      throw new UnavailableError('unavailable', { code: 'ANTIVIRUS_UNAVAILABLE' });
    },
  };
  const id = await desk.uploadDirect('hello');
  await expect(desk.process(id, { antivirus: unavailable })).rejects.toThrow('unavailable');
  await expect(getAttachment(agent, { id })).rejects.toMatchObject({ status: 404 });
  await desk.process(id);
  const rejected = await getAttachment(agent, { id });
  expect(rejected).toMatchObject({ status: 'rejected', reason: 'FILE_INFECTED' });
  await expect(downloadAttachment(agent, { id })).rejects.toMatchObject({ status: 409 });
});

test('a user has at most 100 uploads in progress', async () => {
  const { customer, agent } = await openTestAttachments(stage);
  const create = (ctx: Context) => createDirectUpload(ctx, { name: 'a', sizeBytes: 1 });
  for (let n = 0; n < 100; n++) await create(customer);
  await expect(create(customer)).rejects.toMatchObject({ code: 'TOO_MANY_UPLOADS', status: 429 });
  await create(agent);
});
