import { afterAll, expect, test } from 'bun:test';
import { NetworkError } from '@insightdesk/shared/errors';
import { startTcpServer } from '@insightdesk/shared/testing';
import { uploadInBlocks } from '../azure/upload-in-blocks.ts';
import { multipartUpload } from '../s3/multipart-upload.ts';
import { requestStorage } from './request-storage.ts';
import { readResponseBody } from './response-body.ts';
import { sliceStream } from './slice-stream.ts';
import { splitFirst, splitIntoParts } from './upload-parts.ts';
import { xmlElements, xmlText } from './xml.ts';

const servers: { close(): unknown }[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

/** Sends the next of these responses per connection: '' disconnects, undefined never responds. */
async function startServer(...responses: (string | undefined)[]) {
  let requestCount = 0;
  const server = await startTcpServer((socket) =>
    socket.once('data', () => {
      const response = responses[Math.min(requestCount++, responses.length - 1)];
      if (response === '') socket.destroy();
      else if (response !== undefined) socket.end(`HTTP/1.1 ${response}`);
    }),
  );
  servers.push(server);
  const url = `http://127.0.0.1:${server.port}/`;
  return {
    call: { operation: 'read', method: 'GET', sign: () => ({ url, headers: {} }) },
    requestCount: () => requestCount,
  };
}

const ok = '200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';
const busy = '503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
const missing = '404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

test('requestStorage repeats the request after 503 and a lost connection', async () => {
  const { call, requestCount } = await startServer(busy, '', ok);
  expect(await (await requestStorage(call)).text()).toBe('ok');
  expect(requestCount()).toBe(3);
});

test.each([busy, ''])('requestStorage fails after four attempts: %j', async (response) => {
  const { call, requestCount } = await startServer(response);
  await expect(requestStorage(call)).rejects.toMatchObject({
    name: 'NetworkError',
    retryable: true,
  });
  expect(requestCount()).toBe(4);
});

test('requestStorage returns a 404 without a second attempt', async () => {
  const { call, requestCount } = await startServer(missing);
  expect((await requestStorage(call)).status).toBe(404);
  expect(requestCount()).toBe(1);
});

test('requestStorage ends after its timeout, and on abort', async () => {
  const { call } = await startServer(undefined);
  await expect(requestStorage({ ...call, timeoutMs: 5 })).rejects.toBeInstanceOf(NetworkError);
  const signal = AbortSignal.timeout(5);
  await expect(requestStorage({ ...call, signal })).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('a truncated response body is an error', async () => {
  const { call } = await startServer('200 OK\r\nContent-Length: 9\r\n\r\nshort');
  const body = readResponseBody(await requestStorage(call));
  await expect(new Response(body).bytes()).rejects.toMatchObject({ retryable: true });
});

test('a stalled response body is an error', async () => {
  const stalled = new Response(
    new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }),
  );
  const reader = readResponseBody(stalled, 5).getReader();
  expect((await reader.read()).value).toHaveLength(1);
  await expect(reader.read()).rejects.toThrow('Timed out');
});

test.each([
  [[], [0]],
  [[3], [3]],
  [[4], [4]],
  [[5], [4, 1]],
  [
    [1, 2, 3, 4],
    [4, 4, 2],
  ],
  [
    [9, 0, 3],
    [4, 4, 4],
  ],
])('splitIntoParts joins chunks of %p to parts of %p', async (chunks, sizes) => {
  let next = 0;
  const source = chunks.map((size) => Uint8Array.from({ length: size }, () => next++));
  async function* stream() {
    yield* source;
  }
  const parts = await Array.fromAsync(splitIntoParts(stream(), 4));
  expect(parts.map((part) => part.byteLength)).toEqual(sizes);
  expect(Buffer.concat(parts)).toEqual(Buffer.concat(source));
  const { first, isOnly, all } = await splitFirst(splitIntoParts(stream(), 4), 4);
  expect([first.byteLength, isOnly]).toEqual([sizes[0] ?? 0, (sizes[0] ?? 0) < 4]);
  expect(Buffer.concat(await Array.fromAsync(all))).toEqual(Buffer.concat(source));
});

test('splitFirst: at most one part and one chunk are read before the first part is sent', async () => {
  let readBytes = 0;
  async function* chunks() {
    for (let n = 0; n < 100; n++) {
      readBytes += 2;
      yield new Uint8Array(2);
    }
  }
  const { isOnly, all } = await splitFirst(splitIntoParts(chunks(), 10), 10);
  expect([isOnly, readBytes]).toEqual([false, 12]);
  await all.next();
  expect(readBytes).toBe(12);
  await all.next();
  expect(readBytes).toBe(22);
});

test.each(['s3', 'azure'])(
  '%s: the memory of a part is released after it is sent',
  async (kind) => {
    const yielded: Uint8Array<ArrayBuffer>[] = [];
    const sent: string[] = [];
    async function* chunks() {
      yield* ['abc', 'de', 'f'].map((text) => new TextEncoder().encode(text));
    }
    async function* parts() {
      for await (const part of (await splitFirst(splitIntoParts(chunks(), 2), 2)).all) {
        yielded.push(part);
        yield part;
      }
    }
    const service = {
      async request({ body }: { body?: Uint8Array | string }) {
        await Bun.sleep(0);
        if (body instanceof Uint8Array) sent.push(new TextDecoder().decode(body));
        return new Response();
      },
      requestText: async () => '<UploadId>x</UploadId>',
    } as never;
    const upload = { key: 'a', headers: {} };
    if (kind === 's3') await multipartUpload(service, { ...upload, parts: parts() });
    else await uploadInBlocks(service, { ...upload, blocks: parts() });
    expect(sent.slice(0, 3)).toEqual(['ab', 'cd', 'ef']);
    expect(yielded.map(({ buffer }) => buffer.byteLength)).toEqual([0, 0, 0]);
  },
);

test.each([
  [0, 10, '0123456789'],
  [3, 4, '3456'],
  [9, 1, '9'],
  [4, 0, ''],
])('sliceStream returns the bytes from %d, length %d', async (start, length, expected) => {
  const chunks = ['012', '3', '', '456789'].map((text) => new TextEncoder().encode(text));
  const slice = sliceStream(new Blob(chunks).stream(), { start, length });
  expect(await new Response(slice).text()).toBe(expected);
});

test('xmlElements and xmlText read elements, attributes and entities', () => {
  const xml = '<L><C><Key>a&amp;&#x41;&lt;</Key><n/></C><C a="b"><Key>b</Key></C></L>';
  expect([...xmlElements(xml, 'C')].map((inner) => xmlText(inner, 'Key'))).toEqual(['a&A<', 'b']);
  expect(xmlText(xml, 'Ke')).toBeUndefined();
});
