import { expect, test } from 'bun:test';
import { readAnswers } from './read-answers.ts';

const answers = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
].join('');

test.each([1, 7, 1000])('responses are counted for chunks of %d bytes', (size) => {
  const seen: number[] = [];
  const read = readAnswers((status) => seen.push(status));
  for (let at = 0; at < answers.length; at += size) read(Buffer.from(answers.slice(at, at + size)));
  expect(seen).toEqual([200, 404, 201]);
});
