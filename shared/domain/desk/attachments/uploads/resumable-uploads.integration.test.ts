import { afterAll, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { createMemoryStorage } from '@insightdesk/shared/storage';
import { createIsolatedTestContext } from '@insightdesk/shared/testing';
import {
  appendToUpload,
  createResumableUpload,
  downloadAttachment,
  getAttachment,
  getResumableUpload,
  lockUpload,
} from '../index.ts';
import { openTestAttachments } from '../test-attachments.ts';

const stage = await createIsolatedTestContext();
const { admin } = stage;
afterAll(stage.close);

const { signal } = new AbortController();

test('one of two concurrent appends succeeds, and no byte is stored twice', async () => {
  const { customer, fileNames, usedBytes } = await openTestAttachments(stage);
  const holder = crypto.randomUUID();
  const fields = { name: 'a.txt', sizeBytes: 10, metadata: {}, holder };
  const { id } = await createResumableUpload(customer, fields);
  const append = (text: string, offset: number, by = holder) =>
    appendToUpload(customer, { id, offset, holder: by, body: new Blob([text]).stream() });
  await expect(append('x', 0, crypto.randomUUID())).rejects.toMatchObject({ status: 409 });
  expect(await append('01234', 0)).toEqual({ offset: 5 });
  await expect(append('xxxxx', 0)).rejects.toMatchObject({ code: 'UPLOAD_TAKEN_OVER' });
  const outcomes = await Promise.allSettled([append('56', 5), append('56789', 5)]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const { offset } = await getResumableUpload(customer, { id });
  expect(await fileNames(id)).toHaveLength(2);
  if (offset < 10) await append('789', offset);
  await expect(append('x', 10)).rejects.toMatchObject({ status: 409 });
  expect(await getResumableUpload(customer, { id })).toMatchObject({ offset: 10 });
  expect(await usedBytes()).toBe(10);
});

test('a live lock holder is asked to release the lock, and a dead one loses it', async () => {
  const { customer } = await openTestAttachments(stage);
  const [first, second, third] = [1, 2, 3].map(() => crypto.randomUUID()) as [
    string,
    string,
    string,
  ];
  const fields = { name: 'a', sizeBytes: 3, metadata: {}, holder: first };
  const { id } = await createResumableUpload(customer, fields);
  const requested = Promise.withResolvers<void>();
  const lockFor = (holder: string, onReleaseRequested = () => {}) =>
    lockUpload(customer, { id, holder, signal, onReleaseRequested });
  const append = (holder: string) =>
    appendToUpload(customer, { id, offset: 0, holder, body: new Blob(['abc']).stream() });
  const firstLock = await lockFor(first, requested.resolve);
  const waiting = lockFor(second);
  await requested.promise;
  await expect(append(second)).rejects.toMatchObject({ status: 409 });
  await firstLock.release();
  const secondLock = await waiting;
  await expect(append(first)).rejects.toMatchObject({ status: 409 });
  await admin`update uploads set locked_until = now() - interval '1 second' where id = ${toUuid(id)}`;
  const thirdLock = await lockFor(third);
  await expect(append(second)).rejects.toMatchObject({ status: 409 });
  expect(await append(third)).toEqual({ offset: 3 });
  await Promise.all([secondLock.release(), thirdLock.release()]);
});

/** Sends a text and fails after it, as a body whose connection breaks. */
const brokenBody = (text: string) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
    },
    pull: (controller) => controller.error(new Error('connection lost')),
  });

test('a resumable upload stores every byte once after broken connections and storage errors', async () => {
  const storage = createMemoryStorage({ signer: stage.container.fileUrls });
  const desk = await openTestAttachments(stage, { storage });
  const { customer } = desk;
  const holder = crypto.randomUUID();
  const text = Array.from({ length: 40 }, (_, n) => `line ${n}\n`).join('');
  const fields = { name: 'a.txt', sizeBytes: text.length, metadata: {}, holder };
  const { id } = await createResumableUpload(customer, fields);
  const offsetOf = async () => (await getResumableUpload(customer, { id })).offset;
  const append = (offset: number, body: ReadableStream<Uint8Array>) =>
    appendToUpload(customer, { id, offset, holder, body });

  let breaks = 0;
  for (let offset = 0; offset < text.length - 30; offset = await offsetOf()) {
    const end = offset + 1 + Math.floor(Math.random() * 29);
    const appending = append(offset, brokenBody(text.slice(offset, end)));
    await expect(appending).rejects.toThrow('connection lost');
    expect(await offsetOf()).toBe(end);
    breaks++;
  }
  expect(breaks).toBeGreaterThan(5);

  const { upload } = storage;
  storage.upload = () => Promise.reject(new Error('storage unavailable'));
  const offset = await offsetOf();
  const rest = () => new Blob([text.slice(offset)]).stream();
  await expect(append(offset, rest())).rejects.toThrow('storage unavailable');
  storage.upload = upload;
  expect(await offsetOf()).toBe(offset);
  expect(await append(offset, rest())).toEqual({ offset: text.length });

  await desk.process(id);
  const file = await downloadAttachment(customer, { id });
  expect(await new Response(await file.stream()).text()).toBe(text);
  expect(await desk.fileNames(id)).toEqual(['original']);
});

test('a resumable upload with another checksum is rejected', async () => {
  const desk = await openTestAttachments(stage);
  const { customer } = desk;
  const holder = crypto.randomUUID();
  const sha256 = '0'.repeat(64);
  const fields = { name: 'a.txt', sizeBytes: 3, metadata: {}, sha256, holder };
  const { id } = await createResumableUpload(customer, fields);
  await appendToUpload(customer, { id, offset: 0, holder, body: new Blob(['abc']).stream() });
  await desk.process(id);
  expect(await getAttachment(customer, { id })).toMatchObject({ reason: 'CHECKSUM_MISMATCH' });
});
