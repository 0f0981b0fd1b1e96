import { afterAll, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../testing/until.ts';
import { dependencies } from './conformance/harness.ts';
import { createStorage } from './index.ts';

const directory = await mkdtemp(join(tmpdir(), 'insightdesk-storage-'));
const storage = createStorage({ provider: 'local', directory, maxFileBytes: 1e7 }, dependencies);
afterAll(() => rm(directory, { recursive: true, force: true }));

const bodyHeaders = [
  'Content-Length: 5000000\r\n\r\n',
  'Transfer-Encoding: chunked\r\n\r\n8000\r\n',
];

test.each(bodyHeaders)(
  'a client that disconnects during an upload leaves nothing: %j',
  async (header) => {
    const outcome = Promise.withResolvers<unknown>();
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      async fetch(request) {
        const body = request.body ?? new Uint8Array();
        const upload = storage.upload('hung/up', body, { contentType: 'text/plain' });
        outcome.resolve(await upload.catch((error) => error));
        return new Response();
      },
    });
    const client = connect(server.port ?? 0, '127.0.0.1');
    client.on('error', () => undefined);
    client.write(`POST / HTTP/1.1\r\nHost: localhost\r\n${header}${'x'.repeat(20_000)}`);
    await until(async () => (await readdir(join(directory, 'incoming'))).length, { atLeast: 1 });
    client.destroy();
    expect(await outcome.promise).toBeInstanceOf(Error);
    await server.stop(true);
    expect(await readdir(directory, { recursive: true })).toEqual(['incoming']);
  },
);
