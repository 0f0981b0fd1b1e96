import { afterAll, beforeAll, expect, test } from 'bun:test';
import { until } from '../../shared/testing/until.ts';
import { startTestNginx, type TestNginx } from './start-test-nginx.ts';

let nginx: TestNginx;
beforeAll(async () => {
  nginx = await startTestNginx({ FRONT_PROXIES: '127.0.0.1' }, (name, request, response) => {
    if (request.url?.startsWith('/cut')) return request.socket.destroy();
    request.resume().once('end', () => response.end(name));
  });
});
afterAll(() => nginx.close());

const logged = (path: string) =>
  until(`log line of ${path}`, () => nginx.logLines().find((line) => line.path === path));

test('access log: a request is one JSON line', async () => {
  const headers = { 'X-Forwarded-For': '203.0.113.11', 'X-Request-Id': 'known-request-id' };
  await nginx.request('/v1/line?token=secret', { method: 'POST', body: 'four', headers });
  expect(await logged('/v1/line')).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/),
    service: 'nginx',
    requestId: 'known-request-id',
    address: '203.0.113.11',
    method: 'POST',
    path: '/v1/line',
    protocol: 'HTTP/1.1',
    tls: expect.stringMatching(/^TLSv1\.[23]$/),
    status: 200,
    requestBytes: expect.any(Number),
    responseBytes: expect.any(Number),
    seconds: expect.any(Number),
    upstream: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    upstreamStatus: '200',
    upstreamSeconds: expect.stringMatching(/^[\d.]+$/),
    limitedBy: '',
  });
});

test('access log: error responses of nginx have the method of the request', async () => {
  await nginx.request('/metrics/test', { method: 'PUT' });
  expect(await logged('/metrics/test')).toMatchObject({ method: 'PUT', status: 404 });
});

test('access log: tokens, session ids and signatures are not logged, also on errors', async () => {
  const secret = 'open-sesame';
  await nginx.request(`/invitations/accept?token=${secret}`, {
    headers: { Referer: `/x?a=${secret}` },
  });
  await nginx.request(`/socket.io/?EIO=4&sid=1.${secret}`);
  await nginx.request(`/files/signed/a?signature=${secret}`, { method: 'PUT', body: 'x' });
  await nginx.request(`/cut?token=${secret}`);
  await fetch(`http://localhost:${nginx.ports.http}/?token=${secret}`, { redirect: 'manual' });
  for (const path of ['/invitations/accept', '/socket.io/', '/files/signed/a', '/cut', '/']) {
    await logged(path);
  }
  expect(nginx.readLog().toString()).not.toContain(secret);
  expect(nginx.output.join('\n')).not.toContain(secret);
});

test.each([
  ['/odd-a?token=SECRET', '/odd-a'],
  ['/odd-b%3Ftoken=SECRET', '/odd-b'],
  ['/odd-c;session=SECRET', '/odd-c'],
  ['/odd-d/eyJhbGciOiJIUzI1NiJ9.SECRET.x', '/odd-d/'],
  ['/odd-e"}\\{"a":"SECRET', '/odd-e'],
  ['/odd-f\xff\xfe', '/odd-f'],
  ['/odd-g/%22/a%2Fb', '/odd-g/%22/a%2Fb'],
])('access log: the target %j is logged as %s', async (target, path) => {
  const socket = nginx.connect().resume();
  const head = `GET ${target} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: SECRET"\xff\r\n`;
  const credentials = 'Referer: /?a=SECRET\r\nCookie: a=SECRET\r\nAuthorization: Bearer SECRET\r\n';
  socket.write(Buffer.from(`${head}${credentials}Connection: close\r\n\r\n`, 'latin1'));
  await new Promise((resolve) => socket.once('close', resolve));
  await logged(path);
  expect(nginx.readLog().includes('SECRET')).toBe(false);
});
