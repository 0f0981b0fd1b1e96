import { afterAll, expect, test } from 'bun:test';
import { createServer, type Socket } from 'node:net';
import { NetworkError } from '@insightdesk/shared/errors';
import { uploadInBlocks } from '../azure/upload-in-blocks.ts';
import { multipartUpload } from '../s3/multipart-upload.ts';
import { readResponseBody } from './response-body.ts';
import { requestStorage } from './request-storage.ts';
import { splitIntoParts, splitFirst } from './upload-parts.ts';
import { sliceStream } from './slice-stream.ts';
import { contentDisposition, xmlElements, xmlText } from './xml.ts';

const open: { close(): unknown }[] = [];
afterAll(() => Promise.all(open.map((server) => server.close())));

/** Answers each connection's first bytes with the next of these; undefined is silence. */
async function answering(...answers: (string | undefined)[]) {
  let asked = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (answer === '') socket.destroy();
      else if (answer !== undefined) socket.end(`HTTP/1.1 ${answer}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const url = `http://127.0.0.1:${port}/`;
  return {
    call: { what: 'read', method: 'GET', sign: () => ({ url, headers: {} }) },
    asked: () => asked,
  };
}

const ok = '200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';
const busy = '503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
const missing = '404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

test('what was busy or broke off is asked again', async () => {
  const { call, asked } = await answering(busy, '', ok);
  expect(await (await requestStorage(call)).text()).toBe('ok');
  expect(asked()).toBe(3);
});

test.each([busy, ''])('not for ever: %j', async (answer) => {
  const { call, asked } = await answering(answer);
  await expect(requestStorage(call)).rejects.toMatchObject({ name: 'NetworkError', retryable: true });
  expect(asked()).toBe(4);
});

test('what is refused is an answer', async () => {
  const { call, asked } = await answering(missing);
  expect((await requestStorage(call)).status).toBe(404);
  expect(asked()).toBe(1);
});

test('silence ends, and so does waiting when it is called off', async () => {
  const { call } = await answering(undefined);
  await expect(requestStorage({ ...call, timeoutMs: 5 })).rejects.toBeInstanceOf(NetworkError);
  const signal = AbortSignal.timeout(5);
  await expect(requestStorage({ ...call, signal })).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('a body that is cut off is an error, never a shorter file', async () => {
  const { call } = await answering('200 OK\r\nContent-Length: 9\r\n\r\nshort');
  const body = readResponseBody(await requestStorage(call));
  await expect(new Response(body).bytes()).rejects.toMatchObject({ retryable: true });
});

test('a body that goes silent is an error', async () => {
  const never = new Response(new ReadableStream({ start: (to) => to.enqueue(new Uint8Array(1)) }));
  const reader = readResponseBody(never, 5).getReader();
  expect((await reader.read()).value).toHaveLength(1);
  await expect(reader.read()).rejects.toThrow('silent');
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
])('chunks of %p become parts of %p', async (chunks, sizes) => {
  let at = 0;
  const source = chunks.map((size) => Uint8Array.from({ length: size }, () => at++));
  async function* stream() {
    yield* source;
  }
  const parts = await Array.fromAsync(splitIntoParts(stream(), 4));
  expect(parts.map((part) => part.byteLength)).toEqual(sizes);
  expect(Buffer.concat(parts)).toEqual(Buffer.concat(source));
  const { first, isOnly, all } = await splitFirst(splitIntoParts(stream(), 4));
  expect([first.byteLength, isOnly]).toEqual([sizes[0] ?? 0, sizes.length === 1]);
  expect(Buffer.concat(await Array.fromAsync(all))).toEqual(Buffer.concat(source));
});

test.each(['s3', 'azure'])('%s: a part that was sent is freed, and not before', async (kind) => {
  const held: Uint8Array<ArrayBuffer>[] = [];
  const sent: string[] = [];
  async function* chunks() {
    yield* ['abc', 'de', 'f'].map((text) => new TextEncoder().encode(text));
  }
  async function* parts() {
    for await (const part of (await splitFirst(splitIntoParts(chunks(), 2))).all) {
      held.push(part);
      yield part;
    }
  }
  const service = {
    async ask({ body }: { body?: Uint8Array | string }) {
      await Bun.sleep(0);
      if (body instanceof Uint8Array) sent.push(new TextDecoder().decode(body));
      return new Response();
    },
    askText: async () => '<UploadId>x</UploadId>',
  } as never;
  const upload = { key: 'a', headers: {} };
  if (kind === 's3') await multipartUpload(service, { ...upload, parts: parts() });
  else await uploadInBlocks(service, { ...upload, blocks: parts() });
  expect(sent.slice(0, 3)).toEqual(['ab', 'cd', 'ef']);
  expect(held.map(({ buffer }) => buffer.byteLength)).toEqual([0, 0, 0]);
});

test.each([
  [0, 10, '0123456789'],
  [3, 4, '3456'],
  [9, 1, '9'],
  [4, 0, ''],
])('a slice from %d of %d', async (start, length, expected) => {
  const chunks = ['012', '3', '', '456789'].map((text) => new TextEncoder().encode(text));
  const slice = sliceStream(new Blob(chunks).stream(), { start, length });
  expect(await new Response(slice).text()).toBe(expected);
});

test('XML is read as services write it', () => {
  const xml = '<L><C><Key>a&amp;&#x41;&lt;</Key><n/></C><C a="b"><Key>b</Key></C></L>';
  expect([...xmlElements(xml, 'C')].map((one) => xmlText(one, 'Key'))).toEqual(['a&A<', 'b']);
  expect(xmlText(xml, 'Ke')).toBeUndefined();
});

test('no name breaks out of its header', () => {
  const named = contentDisposition('a"\r\nSet-Cookie: b\\; \ud800.txt');
  expect(named).not.toMatch(/[\r\n]/);
  expect(named).toStartWith(
    'attachment; filename="a___Set-Cookie: b_; _.txt"; filename*=UTF-8\'\'',
  );
  expect(contentDisposition(undefined, true)).toBe('inline');
});
