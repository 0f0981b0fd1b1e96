import { afterAll, beforeAll, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';
import { collectBytes, limitBytes, readChunks } from '@insightdesk/shared/streams';
import { openTestApi } from '../testing/test-api.ts';
import { takeFile, uploadRoute } from './upload.ts';

const failures: unknown[] = [];
let begun = 0;
const { app, lines } = openTestApi([
  {
    ...uploadRoute,
    handle: (call) =>
      takeFile(call, async ({ body, ...file }) => {
        begun++;
        try {
          const { maxFileBytes } = call.ctx.settings;
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

async function until(condition: () => boolean) {
  while (!condition()) await Bun.sleep(2);
}

const headers = { Authorization: 'Bearer agent' };

function send(sizeBytes: number) {
  const body = new FormData();
  body.append('file', new File([new Uint8Array(sizeBytes)], 'a.bin', { type: 'image/png' }));
  return fetch(`${server.url}v1/attachments`, { method: 'POST', body, headers });
}

test('a file arrives', async () => {
  const response = await send(900_000);
  expect(response.status).toBe(201);
  expect(await response.json()).toEqual({
    name: 'a.bin',
    contentType: 'image/png',
    sizeBytes: 900_000,
  });
});

test('a file beyond the limit is refused by its announced length', async () => {
  const response = await send(50_000_000);
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
});

test('a file beyond the limit is refused while it comes', async () => {
  const response = await send(1_010_000);
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  expect(failures.at(-1)).toBeInstanceOf(PayloadTooLargeError);
});

test('a stranger is refused before anything is read', async () => {
  const response = await fetch(`${server.url}v1/attachments`, { method: 'POST', body: 'x' });
  expect(response.status).toBe(401);
});

test('a sender that hangs up in the middle fails the store, once', async () => {
  const before = failures.length;
  const begunBefore = begun;
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
  await until(() => begun > begunBefore);
  socket.destroy();
  await until(() => failures.length > before);
  expect(failures).toHaveLength(before + 1);
  expect(failures.at(-1)).toMatchObject({ status: 400, code: 'MALFORMED_MULTIPART' });
  await until(() => lines.at(-1)?.status === 400);
});
