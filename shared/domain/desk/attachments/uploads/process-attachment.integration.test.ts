import { afterAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { NetworkError } from '@insightdesk/shared/errors';
import { MediaProcessError } from '@insightdesk/shared/media';
import { createIsolatedTestContext } from '@insightdesk/shared/testing';
import { getAttachment } from '../get-attachment.ts';
import { openTestAttachments } from '../test-attachments.ts';

// An own database, where no running worker takes the jobs.
const stage = await createIsolatedTestContext();
afterAll(stage.close);

const png = Uint8Array.from(
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
);

async function setUp(media: Partial<Context['files']['media']> = {}) {
  const desk = await openTestAttachments(stage, {
    media: { ...stage.context.files.media, ...media },
  });
  const { id } = await desk.upload(png, { name: 'a.png' });
  return { run: () => desk.process(id), see: () => getAttachment(desk.customer, { id }) };
}

test('a decoded image is ready and has variants', async () => {
  const { run, see } = await setUp();
  await run();
  expect(await see()).toMatchObject({
    status: 'ready',
    variants: [
      { name: 'webp', width: 1 },
      { name: 'thumbnail', placeholder: expect.stringMatching(/^data:image\/webp;base64,/) },
    ],
  });
});

test('an image that crashes the image worker is rejected after three attempts', async () => {
  const { run, see } = await setUp({
    createVariants: async () => {
      throw new MediaProcessError();
    },
  });
  await expect(run()).rejects.toThrow('ended unexpectedly');
  await expect(run()).rejects.toThrow('ended unexpectedly');
  expect(await see()).toMatchObject({ status: 'pending' });
  await run();
  expect(await see()).toMatchObject({ status: 'rejected', reason: 'PROCESSING_FAILED' });
});

test('processing is started at most ten times when the worker dies each time', async () => {
  let started = 0;
  const { run, see } = await setUp({
    createVariants: async () => {
      started++;
      throw new Error('worker died');
    },
  });
  for (let n = 0; n < 15; n++) await run().catch(() => {});
  expect(started).toBe(10);
  expect(await see()).toMatchObject({ status: 'rejected', reason: 'PROCESSING_FAILED' });
});

test('attempts do not count while storage or antivirus is unavailable', async () => {
  let isAvailable = false;
  const { createVariants } = stage.context.files.media;
  const { run, see } = await setUp({
    async createVariants(...input) {
      if (!isAvailable) throw new NetworkError('not reached', { code: 'STORAGE_UNAVAILABLE' });
      return createVariants(...input);
    },
  });
  for (let n = 0; n < 15; n++) await expect(run()).rejects.toThrow('not reached');
  expect(await see()).toMatchObject({ status: 'pending' });
  isAvailable = true;
  await run();
  expect(await see()).toMatchObject({ status: 'ready' });
});
