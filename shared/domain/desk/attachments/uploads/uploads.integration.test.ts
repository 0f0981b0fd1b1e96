import { afterAll, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { type Context, systemContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { listMessages, createConversation } from '@insightdesk/shared/domain/desk/conversations';
import { setQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { UnavailableError } from '@insightdesk/shared/errors';
import type { JobRun } from '@insightdesk/shared/jobs';
import { createTestTenant, openTestStage } from '@insightdesk/shared/testing';
import {
  appendToUpload,
  completeDirectUpload,
  createDirectUpload,
  createResumableUpload,
  deleteAttachment,
  deleteQueuedFiles,
  downloadAttachment,
  expireUploads,
  getAttachment,
  getResumableUpload,
  lockUpload,
  processAttachment,
  reconcileFiles,
  updateFilePolicy,
  uploadAttachment,
} from '../index.ts';

// A database of its own: a running worker would be faster, and what is collected is so for all.
const stage = await openTestStage();
const { admin } = stage;
afterAll(stage.close);

const { storage } = stage.context.files;
const signal = new AbortController().signal;
const run = { signal } as JobRun;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const always = (verdict: unknown) => ({ isOn: true, scan: async () => verdict as never });

type Parts = Partial<Context['files']>;

async function setUp(parts: Parts = {}) {
  const { owner, tenantId, member } = await createTestTenant(stage.context);
  const [customer, agent] = [await member('customer'), await member('agent')];
  const system = (more: Parts = parts) => {
    const who = { tenantId, requestId: 'test' };
    return systemContext(
      { ...stage.context, files: { ...stage.context.files, ...more } },
      'worker',
      who,
    );
  };
  const stored = async (id = '') =>
    (await Array.fromAsync(storage.list(`${tenantId}/attachments/${id}`))).map(
      ({ key }) => key.split('/').at(-1) ?? '',
    );
  const put = (id: Id<'att'>, text: string) =>
    storage.upload(`${tenantId}/attachments/${id}/staged`, bytesOf(text), { contentType: 'x/y' });
  const used = async () => {
    const [row] = await admin`select bytes::int8 as bytes from stored_bytes
      where tenant_id = ${toUuid(tenantId)}`;
    return Number(row?.bytes ?? 0);
  };
  const check = (attachmentId: Id<'att'>, more?: Parts) =>
    processAttachment(system(more), { attachmentId });
  const whole = (ctx: Context): Context => ({ ...ctx, files: { ...ctx.files, ...parts } });
  return {
    tenantId,
    owner: whole(owner),
    customer: whole(customer),
    agent: whole(agent),
    member,
    system,
    stored,
    put,
    used,
    check,
  };
}

async function direct(desk: Awaited<ReturnType<typeof setUp>>, text: string, more = {}) {
  const announced = { name: 'a.txt', sizeBytes: text.length, ...more };
  const { id } = await createDirectUpload(desk.customer, announced);
  await desk.put(id, text);
  await completeDirectUpload(desk.customer, { id });
  return id;
}

test('direct: set aside, sent past us, completed once, checked, then anybody’s', async () => {
  const desk = await setUp();
  const { customer, agent, stored, used, check } = desk;
  const sha256 = hash('hello');
  const begun = await createDirectUpload(customer, { name: 'C:\\x\\a.txt', sizeBytes: 5, sha256 });
  const { id } = begun;
  expect(begun).toMatchObject({ method: 'PUT' });
  expect(await used()).toBe(5);
  await expect(completeDirectUpload(customer, { id })).rejects.toMatchObject({
    code: 'NOT_UPLOADED',
  });
  await desk.put(id, 'hell');
  await expect(completeDirectUpload(customer, { id })).rejects.toMatchObject({
    code: 'SIZE_MISMATCH',
  });
  await desk.put(id, 'hello');
  await expect(completeDirectUpload(agent, { id })).rejects.toMatchObject({ status: 404 });
  const both = await Promise.all([1, 2].map(() => completeDirectUpload(customer, { id })));
  expect(both[0]).toMatchObject({ id, name: 'a.txt', status: 'pending', sizeBytes: 5 });
  expect(both[1]).toEqual(both[0] as never);
  await expect(getAttachment(agent, { id })).rejects.toMatchObject({ status: 404 });
  await expect(downloadAttachment(customer, { id })).rejects.toMatchObject({
    code: 'ATTACHMENT_PENDING',
  });
  await check(id);
  expect(await getAttachment(agent, { id })).toMatchObject({
    status: 'ready',
    contentType: 'text/plain',
  });
  const file = await downloadAttachment(agent, { id });
  expect(await new Response(await file.stream()).text()).toBe('hello');
  expect([await used(), await stored(id)]).toEqual([5, ['original']]);
});

test('direct: exchanged after it was completed, and other than its checksum: rejected', async () => {
  const desk = await setUp();
  const { check, stored, agent } = desk;
  const id = await direct(desk, 'hello', { sha256: hash('hello') });
  await desk.put(id, 'jello');
  await check(id);
  expect(await getAttachment(agent, { id })).toMatchObject({
    status: 'rejected',
    reason: 'CHECKSUM_MISMATCH',
  });
  await expect(downloadAttachment(agent, { id })).rejects.toMatchObject({
    code: 'ATTACHMENT_REJECTED',
  });
  const longer = await direct(desk, 'hello');
  await desk.put(longer, 'hello!');
  await check(longer);
  expect((await getAttachment(agent, { id: longer })).status).toBe('rejected');
  const gone = await direct(desk, 'hello');
  await storage.delete(`${desk.tenantId}/attachments/${gone}/staged`);
  await check(gone);
  expect((await getAttachment(agent, { id: gone })).reason).toBe('FILE_MISSING');
  expect(await stored()).toEqual(['original']);
});

test('direct: a write to its address after the check changes nothing and is swept', async () => {
  const desk = await setUp();
  const { check, agent, stored, system, tenantId } = desk;
  const id = await direct(desk, 'hello');
  await check(id);
  await desk.put(id, 'evil!');
  const file = await downloadAttachment(agent, { id });
  expect(await new Response(await file.stream()).text()).toBe('hello');
  const sweep = { isDry: false, minAgeMs: -1_000, tenantId, signal };
  expect((await reconcileFiles(system(), sweep)).orphans).toEqual({ files: 1, bytes: 5 });
  expect(await stored(id)).toEqual(['original']);
});

test('the policy of the organisation: sizes before, types by what the bytes show', async () => {
  const desk = await setUp();
  const { owner, customer, agent, check } = desk;
  await expect(updateFilePolicy(agent, { maxFileBytes: 10 })).rejects.toMatchObject({
    status: 403,
  });
  await updateFilePolicy(owner, { maxFileBytes: 10 });
  await updateFilePolicy(owner, { refusedTypes: ['text/*'] });
  await expect(direct(desk, 'twelve bytes')).rejects.toMatchObject({ status: 413 });
  const holder = crypto.randomUUID();
  const begin = { name: 'a', sizeBytes: 11, metadata: {}, holder };
  await expect(createResumableUpload(customer, begin)).rejects.toMatchObject({ status: 413 });
  const send = (text: string) =>
    uploadAttachment(customer, { name: 'a', contentType: '', body: new Blob([text]).stream() });
  await expect(send('twelve bytes')).rejects.toMatchObject({ status: 413 });
  await expect(send('text')).rejects.toMatchObject({ code: 'FILE_TYPE_REFUSED' });
  const id = await direct(desk, 'text');
  await check(id);
  expect((await getAttachment(agent, { id })).reason).toBe('FILE_TYPE_REFUSED');
  await updateFilePolicy(owner, { maxFileBytes: null, refusedTypes: [] });
  expect((await send('twelve bytes')).status).toBe('ready');
  const disguised = await direct(desk, 'no image', { name: 'a.png' });
  await check(disguised);
  expect((await getAttachment(agent, { id: disguised })).reason).toBe('CONTENT_TYPE_MISMATCH');
});

test('quarantine: only its uploader sees it, also in a message, until it was checked', async () => {
  const antivirus = always({ clean: true });
  const desk = await setUp({ antivirus });
  const { customer, agent, owner, check } = desk;
  const body = new Blob(['text']).stream();
  const { id, status } = await uploadAttachment(customer, {
    name: 'a.txt',
    contentType: '',
    body,
  });
  expect(status).toBe('pending');
  const { id: conversation } = await createConversation(customer, {
    subject: 's',
    body: 'b',
    attachmentIds: [id],
  });
  const shown = async (ctx: Context) => {
    const { items } = await listMessages(ctx, { id: conversation });
    return items.flatMap(({ attachments }) => attachments.map((one) => one.id));
  };
  const told = async () => {
    const rows = await admin`select payload from outbox
      where tenant_id = ${toUuid(desk.tenantId)} and name in ('message.created', 'attachment.ready')
      order by position`;
    return rows.map(({ payload }) => payload.message?.attachments ?? payload.attachment.id);
  };
  for (const other of [agent, owner]) {
    expect(await shown(other)).toEqual([]);
    await expect(getAttachment(other, { id })).rejects.toMatchObject({ status: 404 });
    await expect(downloadAttachment(other, { id })).rejects.toMatchObject({ status: 404 });
  }
  expect(await shown(customer)).toEqual([id]);
  expect(await told()).toEqual([[]]);
  await check(id);
  for (const each of [agent, owner, customer]) expect(await shown(each)).toEqual([id]);
  expect(await told()).toEqual([[], id]);
});

test('what is harmful is rejected; what cannot be told stays in quarantine, and is tried again', async () => {
  const desk = await setUp({ antivirus: always({ clean: false, found: 'Test.Virus' }) });
  const { agent, check } = desk;
  const away = {
    isOn: true,
    scan: async () => {
      throw new UnavailableError('away', { code: 'ANTIVIRUS_UNAVAILABLE' });
    },
  };
  const id = await direct(desk, 'hello');
  await expect(check(id, { antivirus: away })).rejects.toThrow('away');
  await expect(getAttachment(agent, { id })).rejects.toMatchObject({ status: 404 });
  await check(id);
  const seen = await getAttachment(agent, { id });
  expect(seen).toMatchObject({ status: 'rejected', reason: 'FILE_INFECTED' });
  await expect(downloadAttachment(agent, { id })).rejects.toMatchObject({ status: 409 });
});

test('two that go on at once: one has it, and no byte is there twice', async () => {
  const { customer, stored, used } = await setUp();
  const holder = crypto.randomUUID();
  const begin = { name: 'a.txt', sizeBytes: 10, metadata: {}, holder };
  const { id } = await createResumableUpload(customer, begin);
  const append = (text: string, offset: number, by = holder) =>
    appendToUpload(customer, { id, offset, holder: by, body: new Blob([text]).stream() });
  await expect(append('x', 0, crypto.randomUUID())).rejects.toMatchObject({ status: 409 });
  expect(await append('01234', 0)).toEqual({ offset: 5 });
  await expect(append('xxxxx', 0)).rejects.toMatchObject({ code: 'UPLOAD_TAKEN_OVER' });
  const outcomes = await Promise.allSettled([append('56', 5), append('56789', 5)]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const { offset } = await getResumableUpload(customer, { id });
  expect(await stored(id)).toHaveLength(2);
  if (offset < 10) await append('789', offset);
  await expect(append('x', 10)).rejects.toMatchObject({ status: 409 });
  expect(await getResumableUpload(customer, { id })).toMatchObject({ offset: 10 });
  expect(await used()).toBe(10);
});

test('a holder that is alive is asked to let go; one that is dead has lost it', async () => {
  const { customer } = await setUp();
  const [first, second, third] = [1, 2, 3].map(() => crypto.randomUUID()) as [string, ...string[]];
  const begin = { name: 'a', sizeBytes: 3, metadata: {}, holder: first };
  const { id } = await createResumableUpload(customer, begin);
  const asked = Promise.withResolvers<void>();
  const lock = await lockUpload(customer, { id, holder: first, signal, onWanted: asked.resolve });
  const waiting = lockUpload(customer, { id, holder: second ?? '', signal, onWanted() {} });
  await asked.promise;
  const append = (holder: string) =>
    appendToUpload(customer, { id, offset: 0, holder, body: new Blob(['abc']).stream() });
  await expect(append(second ?? '')).rejects.toMatchObject({ status: 409 });
  await lock.release();
  const next = await waiting;
  await expect(append(first)).rejects.toMatchObject({ status: 409 });
  await admin`update uploads set locked_until = now() - interval '1 second' where id = ${toUuid(id)}`;
  const last = await lockUpload(customer, { id, holder: third ?? '', signal, onWanted() {} });
  await expect(append(second ?? '')).rejects.toMatchObject({ status: 409 });
  expect(await append(third ?? '')).toEqual({ offset: 3 });
  await Promise.all([next.release(), last.release()]);
});

test('given up: its bytes and its files go, and it cannot be completed any more', async () => {
  const { customer, stored, used, put, tenantId } = await setUp();
  const holder = crypto.randomUUID();
  const begin = { name: 'a', sizeBytes: 10, metadata: {}, holder };
  const { id } = await createResumableUpload(customer, begin);
  await appendToUpload(customer, { id, offset: 0, holder, body: new Blob(['abc']).stream() });
  const other = await createDirectUpload(customer, { name: 'b', sizeBytes: 3 });
  await put(other.id, 'abc');
  await expireUploads(stage.context, {}, run);
  expect([await used(), (await stored()).length]).toEqual([13, 2]);
  for (const table of ['uploads', 'byte_reservations']) {
    await admin`update ${admin(table)} set expires_at = now() - interval '1 second'
      where tenant_id = ${toUuid(tenantId)}`;
  }
  await expect(getResumableUpload(customer, { id })).rejects.toMatchObject({ status: 410 });
  await expireUploads(stage.context, {}, run);
  expect([await used(), await stored()]).toEqual([0, []]);
  await expect(getResumableUpload(customer, { id })).rejects.toMatchObject({ status: 404 });
  await expect(completeDirectUpload(customer, { id: other.id })).rejects.toMatchObject({
    status: 404,
  });
});

test('taken back: under way, whole, checked, by its uploader alone, until a message has it', async () => {
  const desk = await setUp();
  const { customer, agent, owner, stored, used, system, check } = desk;
  const { id: begun } = await createDirectUpload(customer, { name: 'b', sizeBytes: 3 });
  await desk.put(begun, 'abc');
  const whole = await direct(desk, 'hello');
  const ready = await direct(desk, 'ready');
  const claimed = await direct(desk, 'claim');
  for (const id of [ready, claimed]) await check(id);
  await createConversation(customer, { subject: 's', body: 'b', attachmentIds: [claimed] });
  for (const id of [begun, whole, ready]) {
    for (const other of [agent, owner]) {
      await expect(deleteAttachment(other, { id })).rejects.toThrow();
    }
    await deleteAttachment(customer, { id });
    await deleteQueuedFiles(system(), { attachmentId: id });
    await expect(deleteAttachment(customer, { id })).rejects.toMatchObject({ status: 404 });
  }
  await expect(deleteAttachment(customer, { id: claimed })).rejects.toMatchObject({
    code: 'ATTACHMENT_IN_USE',
  });
  await check(whole);
  expect([await used(), await stored()]).toEqual([5, ['original']]);
});

test('thirty begin at once: not one byte more than the quota', async () => {
  const { customer, system, used } = await setUp();
  await setQuota(system(), { metric: 'stored-bytes', value: 100 });
  const begin = () => createDirectUpload(customer, { name: 'a', sizeBytes: 10 });
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, begin));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  expect(await used()).toBe(100);
});

test('a hundred under way are enough for one person', async () => {
  const { customer, agent } = await setUp();
  const begin = (ctx: Context) => createDirectUpload(ctx, { name: 'a', sizeBytes: 1 });
  for (let n = 0; n < 100; n++) await begin(customer);
  await expect(begin(customer)).rejects.toMatchObject({ code: 'TOO_MANY_UPLOADS', status: 429 });
  await begin(agent);
});

test('what waits for its check for a day is rejected, and the one of a message told', async () => {
  const desk = await setUp();
  const { customer, agent, stored } = desk;
  const id = await direct(desk, 'hello');
  await createConversation(customer, { subject: 's', body: 'b', attachmentIds: [id] });
  await admin`update attachments set created_at = now() - interval '25 hours'
    where id = ${toUuid(id)}`;
  await expireUploads(stage.context, {}, run);
  expect(await getAttachment(agent, { id })).toMatchObject({ reason: 'PROCESSING_FAILED' });
  expect(await stored()).toEqual([]);
});

test('swept both ways: dry first, then done; what is under way, young or strange stays', async () => {
  const desk = await setUp();
  const { agent, customer, stored, check, tenantId, system } = desk;
  const ready = await direct(desk, 'hello');
  const lost = await direct(desk, 'where');
  const spoilt = await direct(desk, 'whole');
  for (const id of [ready, lost, spoilt]) await check(id);
  const { id: begun } = await createDirectUpload(customer, { name: 'b', sizeBytes: 3 });
  await desk.put(begun, 'abc');
  const place = (id: string) => `${tenantId}/attachments/${id}/original`;
  await storage.delete(place(lost));
  await storage.upload(place(spoilt), bytesOf('holes'), { contentType: 'x/y' });
  const orphan = 'att_01h2xcejqtf2nbrexx3vqjhp41';
  await storage.upload(place(orphan), bytesOf('1234567'), { contentType: 'x/y' });
  const stranger = 'org_01h2xcejqtf2nbrexx3vqjhp41/attachments/x/original';
  await storage.upload(stranger, bytesOf('?'), { contentType: 'x/y' });
  const old = { minAgeMs: -60_000, signal, withChecksums: true };
  const young = await reconcileFiles(stage.context, { ...old, minAgeMs: 60_000, isDry: false });
  expect(young).toMatchObject({ orphans: { files: 0 }, missing: [] });
  const before = await stored();
  const dry = await reconcileFiles(stage.context, { ...old, tenantId, isDry: true });
  expect(dry).toMatchObject({
    orphans: { files: 1, bytes: 7 },
    missing: [lost],
    damaged: [spoilt],
  });
  expect([await stored(), (await getAttachment(agent, { id: lost })).status]).toEqual([
    before,
    'ready',
  ]);
  const done = await reconcileFiles(stage.context, { ...old, isDry: false });
  expect(done.orphans).toEqual({ files: 1, bytes: 7 });
  expect(done.missing).toEqual([lost]);
  expect(await getAttachment(agent, { id: lost })).toMatchObject({ reason: 'FILE_MISSING' });
  expect(await stored(orphan)).toEqual([]);
  expect(await stored(begun)).toEqual(['staged']);
  expect(await storage.exists(stranger)).toBe(true);
  const again = await reconcileFiles(system(), { ...old, isDry: false });
  expect(again).toMatchObject({ orphans: { files: 0 }, missing: [] });
  await storage.delete(stranger);
});
