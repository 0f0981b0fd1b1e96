import { expect, test } from 'bun:test';
import { createResponseReader } from './create-response-reader.ts';

const responses = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
].join('');

test.each([1, 7, 1000])(
  'createResponseReader finds each response in chunks of %d bytes',
  (size) => {
    const statuses: number[] = [];
    const read = createResponseReader((status) => statuses.push(status));
    for (let offset = 0; offset < responses.length; offset += size)
      read(Buffer.from(responses.slice(offset, offset + size)));
    expect(statuses).toEqual([200, 404, 201]);
  },
);
