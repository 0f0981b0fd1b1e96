import { expect, test } from 'bun:test';
import { downloadRoute } from '../attachments/download.ts';
import { openTestApi } from '../testing/test-api.ts';
import { disposition } from './disposition.ts';
import { sendFile } from './send-file.ts';

const content = '0123456789';
const then = 'Sun, 01 Mar 2026 12:00:00 GMT';
let opened = 0;

function file(contentType: string) {
  return {
    name: 'a.png',
    contentType,
    sizeBytes: content.length,
    etag: '"tag"',
    modifiedAt: new Date('2026-03-01T12:00:00.500Z'),
    stream: async (range = { start: 0, end: content.length - 1 }) => {
      opened++;
      return new Blob([content.slice(range.start, range.end + 1)]).stream();
    },
  };
}

const { ask } = openTestApi([
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
  ask(method, `/v1/attachments/${id}/content`, { token: 'agent', headers });

test('the whole file, named and harmless', async () => {
  const response = await get();
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(content);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': '10',
    'accept-ranges': 'bytes',
    etag: '"tag"',
    'last-modified': then,
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
])('%s is for %s', async (type, expected) => {
  const { headers } = await get({}, encodeURIComponent(type));
  expect(headers.get('Content-Disposition')).toStartWith(`${expected};`);
});

test.each([
  ['bytes=2-5', 'bytes 2-5/10', '2345'],
  ['bytes=7-', 'bytes 7-9/10', '789'],
  ['bytes=-1', 'bytes 9-9/10', '9'],
])('%s is 206', async (range, contentRange, expected) => {
  const response = await get({ Range: range });
  expect(response.status).toBe(206);
  expect(response.headers.get('Content-Range')).toBe(contentRange);
  expect(response.headers.get('Content-Length')).toBe(String(expected.length));
  expect(await response.text()).toBe(expected);
});

test('a range beyond the end is 416', async () => {
  const response = await get({ Range: 'bytes=10-' });
  expect(response.status).toBe(416);
  expect(response.headers.get('Content-Range')).toBe('bytes */10');
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(await response.json()).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
});

test.each([{ Range: 'bytes=0-1,3-4' }, { Range: 'bytes=2-5', 'If-Range': '"another"' }])(
  '%p is answered with everything',
  async (headers) => {
    const response = await get(headers);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(content);
  },
);

test('a range of the very same file', async () => {
  expect((await get({ Range: 'bytes=2-5', 'If-Range': '"tag"' })).status).toBe(206);
});

test('what is known already is 304 and not opened', async () => {
  const before = opened;
  const response = await get({ 'If-None-Match': '"tag"', Range: 'bytes=2-5' });
  expect(response.status).toBe(304);
  expect(response.headers.get('ETag')).toBe('"tag"');
  expect(await response.text()).toBe('');
  expect(opened).toBe(before);
});

test('by its date too', async () => {
  expect((await get({ 'If-Modified-Since': then })).status).toBe(304);
  expect((await get({ Range: 'bytes=2-5', 'If-Range': then })).status).toBe(206);
});

test('what was changed meanwhile is 412', async () => {
  const before = opened;
  const response = await get({ 'If-Match': '"another"' });
  expect(response.status).toBe(412);
  expect(await response.json()).toMatchObject({ code: 'PRECONDITION_FAILED' });
  expect(opened).toBe(before);
});

test('HEAD tells the length and opens nothing', async () => {
  const before = opened;
  const response = await get({}, 'image', 'HEAD');
  expect(response.status).toBe(200);
  expect(response.headers.get('Content-Length')).toBe('10');
  expect(opened).toBe(before);
});

test.each([
  ['\ud800.png', `filename="_.png"; filename*=UTF-8''%EF%BF%BD.png`],
  ['a.png', `filename="a.png"; filename*=UTF-8''a.png`],
  ['"; x="y', `filename="_; x=_y"; filename*=UTF-8''%22%3B%20x%3D%22y`],
  ['größe.pdf', `filename="gr__e.pdf"; filename*=UTF-8''gr%C3%B6%C3%9Fe.pdf`],
  ["it's (1)*.txt", `filename="it's (1)*.txt"; filename*=UTF-8''it%27s%20%281%29%2A.txt`],
  ['a\r\nSet-Cookie: x', `filename="a__Set-Cookie: x"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x`],
])('%p is named safely', (name, expected) => {
  expect(disposition(name, false)).toBe(`attachment; ${expected}`);
});
