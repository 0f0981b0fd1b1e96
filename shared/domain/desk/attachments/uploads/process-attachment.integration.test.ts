import { afterAll, expect, test } from 'bun:test';
import { type Context, systemContext } from '@insightdesk/shared/context';
import { NetworkError } from '@insightdesk/shared/errors';
import { MediaProcessError } from '@insightdesk/shared/media';
import {
  createTestContext,
  createTestDatabase,
  createTestTenant,
} from '@insightdesk/shared/testing';
import { getAttachment } from '../get-attachment.ts';
import { processAttachment } from './process-attachment.ts';
import { uploadAttachment } from './upload-attachment.ts';

// A database of its own: a running worker would be faster.
const server = await createTestDatabase();
const stage = createTestContext(server.url);
afterAll(async () => {
  await stage.close();
  await server.drop();
});

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

async function setUp(media: Partial<Context['files']['media']> = {}) {
  const { owner, tenantId } = await createTestTenant(stage.context);
  const body = new Blob([png]).stream();
  const { id } = await uploadAttachment(owner, { name: 'a.png', contentType: '', body });
  const worker = systemContext(
    {
      ...stage.context,
      files: { ...stage.context.files, media: { ...stage.context.files.media, ...media } },
    },
    'worker',
    { tenantId, requestId: 'test' },
  );
  return {
    run: () => processAttachment(worker, { attachmentId: id }),
    see: () => getAttachment(owner, { id }),
  };
}

test('what was decoded in its process is ready', async () => {
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

test('a picture that takes its process with it is tried three times, then rejected', async () => {
  const { run, see } = await setUp({
    createVariants: async () => {
      throw new MediaProcessError();
    },
  });
  await expect(run()).rejects.toThrow('could not be processed');
  await expect(run()).rejects.toThrow('could not be processed');
  expect(await see()).toMatchObject({ status: 'pending' });
  await run();
  expect(await see()).toMatchObject({ status: 'rejected', reason: 'PROCESSING_FAILED' });
});

test('a worker that dies of it each time begins it a bounded number of times', async () => {
  let begun = 0;
  const { run, see } = await setUp({
    createVariants: async () => {
      begun++;
      throw new Error('as good as dead');
    },
  });
  for (let n = 0; n < 15; n++) await run().catch(() => {});
  expect(begun).toBe(10);
  expect(await see()).toMatchObject({ status: 'rejected', reason: 'PROCESSING_FAILED' });
});

test('while storage or antivirus is away nothing is used up, however long', async () => {
  let isAway = true;
  const { createVariants } = stage.context.files.media;
  const { run, see } = await setUp({
    async createVariants(...input) {
      if (isAway) throw new NetworkError('not reached', { code: 'STORAGE_UNAVAILABLE' });
      return createVariants(...input);
    },
  });
  for (let n = 0; n < 15; n++) await expect(run()).rejects.toThrow('not reached');
  expect(await see()).toMatchObject({ status: 'pending' });
  isAway = false;
  await run();
  expect(await see()).toMatchObject({ status: 'ready' });
});
