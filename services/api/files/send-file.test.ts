import { expect, test } from 'bun:test';
import { createTestApi } from '../testing/test-api.ts';
import { downloadRoute } from './download-routes.ts';
import { sendFile } from './send-file.ts';

const content = '0123456789';
const modifiedAt = 'Sun, 01 Mar 2026 12:00:00 GMT';
let streamCount = 0;

function file(contentType: string) {
  return {
    name: 'a.png',
    contentType,
    sizeBytes: content.length,
    etag: '"tag"',
    modifiedAt: new Date('2026-03-01T12:00:00.500Z'),
    stream: async (range = { start: 0, end: content.length - 1 }) => {
      streamCount++;
      return new Blob([content.slice(range.start, range.end + 1)]).stream();
    },
  };
}

const { request } = createTestApi([
  {
    ...downloadRoute,
    handle: ({ http }) =>
      sendFile(
        http,
        file(http.req.param('id') === 'image' ? 'image/png' : (http.req.param('id') ?? '')),
      ),
  },
]);

const get = (headers = {}, id = 'image', method = 'GET') =>
  request(method, `/v1/attachments/${id}/content`, { token: 'agent', headers });

test('sendFile: the whole file with security headers', async () => {
  const response = await get();
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(content);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': '10',
    'accept-ranges': 'bytes',
    etag: '"tag"',
    'last-modified': modifiedAt,
    'cache-control': 'private, no-cache, no-transform',
    'content-disposition': `inline; filename="a.png"; filename*=UTF-8''a.png`,
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  });
});

test.each([
  ['text/html', 'attachment'],
  ['image/svg+xml', 'attachment'],
  ['application/pdf', 'attachment'],
  ['text/xml', 'attachment'],
  ['IMAGE/PNG ; a=b', 'inline'],
  ['audio/mpeg', 'inline'],
  ['image/png, text/html', 'attachment'],
])('Content-Disposition of %s is %s', async (type, expected) => {
  const { headers } = await get({}, encodeURIComponent(type));
  expect(headers.get('Content-Disposition')).toStartWith(`${expected};`);
});

test.each([
  ['bytes=2-5', 'bytes 2-5/10', '2345'],
  ['bytes=7-', 'bytes 7-9/10', '789'],
  ['bytes=-1', 'bytes 9-9/10', '9'],
])('Range %s is 206', async (range, contentRange, expected) => {
  const response = await get({ Range: range });
  expect(response.status).toBe(206);
  expect(response.headers.get('Content-Range')).toBe(contentRange);
  expect(response.headers.get('Content-Length')).toBe(String(expected.length));
  expect(await response.text()).toBe(expected);
});

test('sendFile: 416 for a range beyond the end', async () => {
  const response = await get({ Range: 'bytes=10-' });
  expect(response.status).toBe(416);
  expect(response.headers.get('Content-Range')).toBe('bytes */10');
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(await response.json()).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
});

test.each([{ Range: 'bytes=0-1,3-4' }, { Range: 'bytes=2-5', 'If-Range': '"another"' }])(
  'Range %p is ignored: 200',
  async (headers) => {
    const response = await get(headers);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(content);
  },
);

test('sendFile: 206 when If-Range matches', async () => {
  expect((await get({ Range: 'bytes=2-5', 'If-Range': '"tag"' })).status).toBe(206);
});

test('sendFile: 304 for a matching ETag, without opening the file', async () => {
  const before = streamCount;
  const response = await get({ 'If-None-Match': '"tag"', Range: 'bytes=2-5' });
  expect(response.status).toBe(304);
  expect(response.headers.get('ETag')).toBe('"tag"');
  expect(await response.text()).toBe('');
  expect(streamCount).toBe(before);
});

test('sendFile: conditional requests by modification date', async () => {
  expect((await get({ 'If-Modified-Since': modifiedAt })).status).toBe(304);
  expect((await get({ Range: 'bytes=2-5', 'If-Range': modifiedAt })).status).toBe(206);
});

test('sendFile: 412 when If-Match does not match', async () => {
  const before = streamCount;
  const response = await get({ 'If-Match': '"another"' });
  expect(response.status).toBe(412);
  expect(await response.json()).toMatchObject({ code: 'PRECONDITION_FAILED' });
  expect(streamCount).toBe(before);
});

test('sendFile: HEAD returns Content-Length without opening the file', async () => {
  const before = streamCount;
  const response = await get({}, 'image', 'HEAD');
  expect(response.status).toBe(200);
  expect(response.headers.get('Content-Length')).toBe('10');
  expect(streamCount).toBe(before);
});
