import { afterAll, beforeAll, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';
import { collectBytes, limitBytes, readChunks } from '@insightdesk/shared/streams';
import { until } from '../../../shared/testing/until.ts';
import { createTestApi } from '../testing/test-api.ts';
import { receiveUpload, uploadRoute } from './upload.ts';

const failures: unknown[] = [];
let started = 0;
const { app, logLines } = createTestApi([
  {
    ...uploadRoute,
    handle: (call) =>
      receiveUpload(call, async ({ body, ...file }) => {
        started++;
        try {
          const { maxFileBytes } = call.ctx.limits;
          const bytes = await collectBytes(limitBytes(readChunks(body), maxFileBytes));
          return { ...file, sizeBytes: bytes.length };
        } catch (error) {
          failures.push(error);
          throw error;
        }
      }),
  },
]);

let server: ReturnType<typeof Bun.serve>;
beforeAll(() => {
  server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch });
});
afterAll(() => server.stop(true));

const headers = { Authorization: 'Bearer agent' };

function send(sizeBytes: number) {
  const body = new FormData();
  body.append('file', new File([new Uint8Array(sizeBytes)], 'a.bin', { type: 'image/png' }));
  return fetch(`${server.url}v1/attachments`, { method: 'POST', body, headers });
}

test('POST /v1/attachments: stores a file', async () => {
  const response = await send(900_000);
  expect(response.status).toBe(201);
  expect(await response.json()).toEqual({
    name: 'a.bin',
    contentType: 'image/png',
    sizeBytes: 900_000,
  });
});

test('POST /v1/attachments: 413 by Content-Length, before reading', async () => {
  const response = await send(50_000_000);
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
});

test('POST /v1/attachments: 413 while streaming', async () => {
  const response = await send(1_010_000);
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  expect(failures.at(-1)).toBeInstanceOf(PayloadTooLargeError);
});

test('POST /v1/attachments: 401 without credentials, before reading', async () => {
  const response = await fetch(`${server.url}v1/attachments`, { method: 'POST', body: 'x' });
  expect(response.status).toBe(401);
});

test('POST /v1/attachments: a closed connection fails the store once', async () => {
  const before = failures.length;
  const startedBefore = started;
  const socket = connect(server.port ?? 0, '127.0.0.1');
  socket.write(
    [
      'POST /v1/attachments HTTP/1.1',
      'Host: x',
      'Authorization: Bearer agent',
      'Content-Type: multipart/form-data; boundary=cut',
      'Content-Length: 500000',
      '',
      '--cut',
      'Content-Disposition: form-data; name="file"; filename="a"',
      '',
      'x'.repeat(100_000),
    ].join('\r\n'),
  );
  await until(() => started > startedBefore);
  socket.destroy();
  await until(() => failures.length > before);
  expect(failures).toHaveLength(before + 1);
  expect(failures.at(-1)).toMatchObject({ status: 400, code: 'MALFORMED_MULTIPART' });
  await until(() => logLines.at(-1)?.status, { equals: 400 });
});
