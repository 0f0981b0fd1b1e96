import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { expectProblem } from './expect-problem.ts';
import { type ServerName, startTestNginx, type TestNginx } from './start-test-nginx.ts';

const MIB = 1024 * 1024;
const draining = new Set<ServerName>();
const received: {
  name: ServerName;
  method: string | undefined;
  headers: IncomingHttpHeaders;
}[] = [];
let nginx: TestNginx;

beforeAll(async () => {
  nginx = await startTestNginx({}, (name, request, response) => {
    received.push({ name, method: request.method, headers: request.headers });
    if (request.url === '/busy' || draining.has(name)) response.statusCode = 503;
    if (request.url === '/wrong-method') {
      response.statusCode = 405;
      response.setHeader('Allow', 'GET, POST');
    }
    response.setHeader('X-Content-Type-Options', 'other');
    response.setHeader('X-Request-Id', 'other');
    response.setHeader('Set-Cookie', 'a=b');
    request.resume().once('end', () => response.end(JSON.stringify({ name })));
  });
});
afterAll(() => nginx.close());

const lastHeaders = () => received.at(-1)?.headers ?? {};
const serverOf = async (path: string) =>
  ((await (await nginx.request(path)).json()) as { name: string }).name;

describe('headers', () => {
  test('security headers appear once, also when the API sends them', async () => {
    const { headers } = await nginx.request('/');
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Strict-Transport-Security')).toContain('max-age=31536000');
    expect(headers.get('Server')).toBe('nginx');
  });

  test('X-Request-Id: a valid one is used, an invalid one replaced', async () => {
    const valid = await nginx.request('/', { headers: { 'X-Request-Id': 'abc.DEF:1-2_3' } });
    expect(valid.headers.get('X-Request-Id')).toBe('abc.DEF:1-2_3');
    const invalid = await nginx.request('/', { headers: { 'X-Request-Id': 'a "quoted" one' } });
    expect(invalid.headers.get('X-Request-Id')).toMatch(/^[0-9a-f]{32}$/);
  });

  test('X-Forwarded headers of clients are replaced', async () => {
    const forged = { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'http' };
    await nginx.request('/', { headers: forged });
    const { 'x-forwarded-for': address, 'x-forwarded-proto': protocol } = lastHeaders();
    expect([address, protocol]).toEqual(['127.0.0.1', 'https']);
  });

  test('Retry-After is added to a 503 of the API', async () => {
    expect((await nginx.request('/busy')).headers.get('Retry-After')).toBe('1');
    expect((await nginx.request('/')).headers.has('Retry-After')).toBe(false);
  });
});

describe('files', () => {
  const credentials = { Cookie: '__Host-desk-access=secret', Authorization: 'Bearer secret' };

  test('/files/: credentials are not passed on and cookies not returned', async () => {
    const response = await nginx.request('/files/signed/a?signature=1', { headers: credentials });
    const headers = lastHeaders();
    expect([headers.cookie, headers.authorization]).toEqual([undefined, undefined]);
    expect(headers.host).toBe(`localhost:${nginx.ports.https}`);
    expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(headers['x-forwarded-proto']).toBe('https');
    expect(response.headers.has('Set-Cookie')).toBe(false);
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(response.headers.get('X-Request-Id')).not.toBe('other');
    await nginx.request('/v1/me', { headers: credentials });
    expect(lastHeaders().cookie).toBe('__Host-desk-access=secret');
  });

  test('/files/: bodies may be as large as uploads', async () => {
    const put = (size: number) =>
      nginx.request('/files/signed/a', { method: 'PUT', body: new Uint8Array(size) });
    expect((await put(12 * MIB)).status).toBe(200);
    await expectProblem(await put(27 * MIB), 413, 'PAYLOAD_TOO_LARGE');
  });
});

describe('responses of nginx', () => {
  test('/metrics is 404 in any spelling', async () => {
    for (const path of ['/metrics', '/metrics/', '/%6detrics', '//metrics', '/x/../metrics']) {
      const before = received.length;
      await expectProblem(await nginx.request(path), 404, 'NOT_FOUND');
      expect(received.length).toBe(before);
    }
  });

  test('body limits: 413, with a higher limit for uploads', async () => {
    const post = (path: string, size: number) =>
      nginx.request(path, { method: 'POST', body: new Uint8Array(size) });
    await expectProblem(await post('/', 12 * MIB), 413, 'PAYLOAD_TOO_LARGE');
    expect((await post('/v1/attachments', 12 * MIB)).status).toBe(200);
    await expectProblem(await post('/v1/attachments', 27 * MIB), 413, 'PAYLOAD_TOO_LARGE');
  });

  test('body limits: 413 is a problem document over HTTP/2 too', async () => {
    const session = connectHttp2(nginx.origin, { ca: nginx.ca });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/v1/conversations',
      'content-length': 12 * MIB,
    });
    stream.end();
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    session.destroy();
    expect(headers[':status']).toBe(413);
    expect(headers['content-type']).toBe('application/problem+json');
  });

  test('auth routes: a large body is 413 without reaching the API', async () => {
    const before = received.length;
    const body = new Uint8Array(100_000);
    for (const path of ['/v1/auth/login', '/v1/invitations/accept']) {
      const response = await nginx.request(path, { method: 'POST', body });
      await expectProblem(response, 413, 'PAYLOAD_TOO_LARGE');
    }
    expect(received.length).toBe(before);
    const allowed = await nginx.request('/v1/conversations', { method: 'POST', body });
    expect(allowed.status).toBe(200);
  });

  test('an unknown method is 501 without reaching a server, TRACE is 405 with Allow', async () => {
    const before = received.length;
    for (const [method, path] of [
      ['FOO', '/'],
      ['PROPFIND', '/v1/conversations'],
      ['FOO', '/socket.io/'],
    ]) {
      const lines = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
      const response = await sendRaw(lines);
      expect(response).toMatch(/^HTTP\/1.1 501/);
      expect(response).toContain('"code":"NOT_IMPLEMENTED"');
    }
    expect(received.length).toBe(before);
    const trace = await sendRaw('TRACE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(trace).toMatch(/\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n/i);
    const { headers } = await nginx.request('/wrong-method', { method: 'PUT' });
    expect(headers.get('Allow')).toBe('GET, POST');
  });

  test('malformed requests: 431, 405 and 400 are problem documents', async () => {
    const long = await nginx.request('/', { headers: { 'X-Long': 'x'.repeat(40_000) } });
    await expectProblem(long, 431, 'REQUEST_HEADER_FIELDS_TOO_LARGE');
    const trace = await sendRaw('TRACE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(trace).toMatch(/^HTTP\/1.1 405/);
    expect(trace).toContain('application/problem+json');
    expect(await sendRaw('GARBAGE\r\n\r\n')).toContain('"code":"BAD_REQUEST"');
  });

  test('plain HTTP redirects to HTTPS with the same method', async () => {
    const url = `http://localhost:${nginx.ports.http}/v1/me?a=1`;
    const { status, headers } = await fetch(url, { method: 'POST', redirect: 'manual' });
    expect(status).toBe(308);
    expect(headers.get('Location')).toBe(`${nginx.origin}/v1/me?a=1`);
  });

  test('redirects ignore the Host header', async () => {
    const init: RequestInit = { redirect: 'manual', headers: { Host: 'evil.example' } };
    const plain = await fetch(`http://localhost:${nginx.ports.http}/`, init);
    expect(plain.headers.get('Location')).toBe(`${nginx.origin}/`);
    const onHttpsPort = await fetch(`http://localhost:${nginx.ports.https}/a`, init);
    expect(onHttpsPort.headers.get('Location')).toBe(`${nginx.origin}/a`);
  });
});

/** Sends bytes over TLS and returns the response. */
async function sendRaw(text: string): Promise<string> {
  const socket = nginx.connect();
  let response = '';
  socket.on('data', (bytes: Buffer) => {
    response += bytes;
  });
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve).once('end', resolve));
  socket.destroy();
  return response;
}

describe('sockets', () => {
  test('a session goes to the replica of its id', async () => {
    for (const [sid, name] of [
      ['1.abc', 'websocket-1'],
      ['2.abc', 'websocket-2'],
    ]) {
      const servers = await Promise.all(Array(6).fill(`/socket.io/?sid=${sid}`).map(serverOf));
      expect(new Set(servers)).toEqual(new Set([name as string]));
    }
  });

  test('200 new sessions of one address are balanced evenly', async () => {
    const servers: string[] = [];
    for (let i = 0; i < 200; i++) servers.push(await serverOf('/socket.io/?EIO=4'));
    expect(servers.filter((name) => name === 'websocket-1')).toHaveLength(100);
  });

  test('new sessions rejected by a draining replica go to the other one', async () => {
    draining.add('websocket-1');
    for (let i = 0; i < 4; i++) expect(await serverOf('/socket.io/')).toBe('websocket-2');
    draining.clear();
  });

  test('sessions of a stopped replica are 502; new ones go to the other until it is back', async () => {
    await nginx.stop('websocket-1');
    const before = received.length;
    await expectProblem(await nginx.request('/socket.io/?sid=1.abc'), 502, 'BAD_GATEWAY');
    expect(received.length).toBe(before);
    for (let i = 0; i < 5; i++) expect(await serverOf('/socket.io/')).toBe('websocket-2');
    await nginx.listen('websocket-1');
    const servers = await Promise.all(Array(10).fill('/socket.io/').map(serverOf));
    expect(servers.filter((name) => name === 'websocket-1')).toHaveLength(5);
  });
});
