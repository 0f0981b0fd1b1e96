import { describe, expect, test } from 'bun:test';
import { receiveFile } from './multipart.ts';

const LINE = '\r\n';

function part(disposition: string, content: string, type?: string) {
  const header = `Content-Disposition: form-data; ${disposition}`;
  const lines = [header, ...(type ? [`Content-Type: ${type}`] : []), '', content];
  return `--cut${LINE}${lines.join(LINE)}${LINE}`;
}

const end = `--cut--${LINE}`;
const photo = part('name="file"; filename="a.png"', 'the bytes', 'image/png');

function request(body: string | ReadableStream, type = 'multipart/form-data; boundary=cut') {
  return new Request('http://x', { method: 'POST', body, headers: { 'Content-Type': type } });
}

async function receive(body: string | ReadableStream, type?: string) {
  const { name, contentType, body: stream } = await receiveFile(request(body, type));
  return { name, contentType, content: await new Response(stream).text() };
}

test('receiveFile: returns name, declared type and bytes of the file', async () => {
  expect(await receive(photo + end)).toEqual({
    name: 'a.png',
    contentType: 'image/png',
    content: 'the bytes',
  });
});

test.each([
  ['filename="../../etc/passwd"', 'passwd'],
  ['filename="C:\\\\photos\\\\me.png"', 'me.png'],
  ['filename="größe 日本.png"', 'größe 日本.png'],
  ["filename*=UTF-8''%E2%82%AC%20rates.txt", '€ rates.txt'],
  ['filename=""', ''],
])('file name: %s becomes %p', async (parameter, name) => {
  const body = part(`name="file"; ${parameter}`, 'x', 'text/plain') + end;
  expect(await receive(body)).toMatchObject({ name });
});

/** The same bytes in chunks of so many. */
function inChunks(text: string, size: number) {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, at + size));
      else controller.close();
      at += size;
    },
  });
}

const almost = ['\r', '\r\n', '\r\n--cu', '\r\r\n--', '--cut', '\r\n-cut', '\r\n--\r\n', '\n--cut'];

test.each([...almost, '', almost.join('')])(
  'content %j does not end the file, for any chunk size',
  async (content) => {
    const body = part('name="file"; filename="a"', content) + end;
    for (let size = 1; size <= body.length; size++) {
      expect(await receive(inChunks(body, size))).toMatchObject({ content });
    }
  },
);

test('random content does not end the file', async () => {
  const fragments = ['\r', '\n', '-', '--', 'c', 'cu', 'cut', '\r\n--cu', 'x'];
  for (let round = 0; round < 500; round++) {
    const random = () => fragments[Math.floor(Math.random() * fragments.length)];
    const content = Array.from({ length: 20 }, random).join('').replaceAll('\r\n--cut', '');
    const body = part('name="file"; filename="a"', content) + end;
    const size = 1 + Math.floor(Math.random() * 40);
    // After the blank line it would be the end of a file that never began.
    if (content.startsWith('--cut')) continue;
    expect(await receive(inChunks(body, size))).toMatchObject({ content });
  }
});

test.each([
  ['in quotes', photo + end, 'multipart/form-data; boundary="cut"'],
  ['among others', photo + end, 'multipart/form-data; charset=utf-8; boundary=cut; x=y'],
  ['in capitals', photo + end, 'Multipart/Form-Data; BOUNDARY=cut'],
  ['with something before the first one', `hello\r\n${photo}${end}`, undefined],
  ['with something after the last one', `${photo}${end}good\r\n\r\nbye`, undefined],
])('boundary %s is understood', async (_, body, type) => {
  expect(await receive(body, type)).toMatchObject({ name: 'a.png', content: 'the bytes' });
});

describe('invalid requests', () => {
  test.each([
    [
      'an ambiguous boundary',
      `${photo.slice(0, -2)}\r\n--c\\ut\r\nmore\r\n${end}`,
      'multipart/form-data; boundary="c\\ut"',
      400,
      'MALFORMED_MULTIPART',
    ],
    [
      'a boundary in another notation',
      photo + end,
      "multipart/form-data; boundary*=UTF-8''cut",
      400,
      'MALFORMED_MULTIPART',
    ],
    ['a blank line before it', `a\r\n\r\n${photo}${end}`, undefined, 400, undefined],
    ['a head without an end', `--cut\r\n${'a'.repeat(1e5)}`, undefined, 400, undefined],
    ['another content', photo + end, 'application/json', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['no boundary', photo + end, 'multipart/form-data', 400, 'MALFORMED_MULTIPART'],
    [
      'another boundary',
      photo + end,
      'multipart/form-data; boundary=x',
      400,
      'MALFORMED_MULTIPART',
    ],
    ['no part', end, undefined, 400, undefined],
    ['an empty body', '', undefined, 400, undefined],
    ['no end', photo, undefined, 400, 'MALFORMED_MULTIPART'],
    ['half a part', photo.slice(0, 70), undefined, 400, 'MALFORMED_MULTIPART'],
    ['half a file', photo.slice(0, -6), undefined, 400, 'MALFORMED_MULTIPART'],
    ['a nameless part', `--cut${LINE}${LINE}x${LINE}${end}`, undefined, 400, undefined],
    ['text instead of a file', part('name="file"', 'x') + end, undefined, 422, 'VALIDATION_FAILED'],
    ['a second file', photo + photo + end, undefined, 422, 'VALIDATION_FAILED'],
    ['a field after it', photo + part('name="a"', 'x') + end, undefined, 422, 'VALIDATION_FAILED'],
    ['a field before it', part('name="a"', 'x') + photo + end, undefined, 422, 'VALIDATION_FAILED'],
  ])('%s', async (_, body, type, status, code) => {
    const refused = receive(body, type);
    await expect(refused).rejects.toMatchObject({ status, ...(code && { code }) });
  });

  test('a file under another field name is an unknown field', async () => {
    const refused = receive(part('name="photo"; filename="a.png"', 'x') + end);
    const errors = [{ path: 'photo', message: 'Unknown field' }];
    await expect(refused).rejects.toMatchObject({ status: 422, errors });
  });

  test('a second part long after the end of the file is 422', async () => {
    const field = part('name="a"', 'x') + end;
    const late = new ReadableStream({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode(photo + field.slice(0, 5)));
        await Bun.sleep(20);
        controller.enqueue(new TextEncoder().encode(field.slice(5)));
        controller.close();
      },
    });
    await expect(receive(late)).rejects.toMatchObject({ status: 422 });
  });

  test('a connection closed during the file is 400', async () => {
    let sent = 0;
    const vanishing = new ReadableStream({
      pull(controller) {
        if (sent++ === 0) controller.enqueue(new TextEncoder().encode(photo));
        else controller.error(new Error('The connection was closed'));
      },
    });
    await expect(receive(vanishing)).rejects.toMatchObject({ status: 400 });
  });
});

/** An infinite file; counts the bytes sent. */
function infiniteFile() {
  const chunk = new Uint8Array(64 * 1024);
  const progress = { sentBytes: 0, cancelled: false };
  const stream = new ReadableStream({
    pull(controller) {
      const bytes = progress.sentBytes === 0 ? new TextEncoder().encode(photo.slice(0, -2)) : chunk;
      progress.sentBytes += bytes.length;
      controller.enqueue(bytes);
    },
    cancel() {
      progress.cancelled = true;
    },
  });
  return { stream, progress };
}

test('receiveFile: backpressure stops reading from the client', async () => {
  const { stream, progress } = infiniteFile();
  const { body, stop } = await receiveFile(request(stream));
  await Bun.sleep(30);
  expect(progress.sentBytes).toBeLessThan(1_000_000);
  const reader = body.getReader();
  for (let readBytes = 0; readBytes < 5_000_000; )
    readBytes += (await reader.read()).value?.length ?? 0;
  await Bun.sleep(10);
  expect(progress.sentBytes).toBeLessThan(6_000_000);
  stop();
});

test('receiveFile: stop and cancel end the request body', async () => {
  const stopped = infiniteFile();
  const { stop } = await receiveFile(request(stopped.stream));
  stop();
  await Bun.sleep(5);
  expect(stopped.progress.cancelled).toBe(true);

  const cancelled = infiniteFile();
  const { body } = await receiveFile(request(cancelled.stream));
  await body.cancel();
  await Bun.sleep(5);
  expect(cancelled.progress.cancelled).toBe(true);
});
