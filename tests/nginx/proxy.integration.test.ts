import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { requireTools } from '../../tools/stack/machine/toolchain.ts';
import { createLeftovers } from '../../tools/stack/processes/orphans.ts';
import { findPorts, portsFrom } from '../../tools/stack/processes/ports.ts';
import { createSupervisor } from '../../tools/stack/processes/supervisor.ts';
import { createNginx } from '../../tools/stack/servers/nginx.ts';
import { prepareTls } from '../../tools/stack/servers/tls.ts';

const directory = mkdtempSync(join(tmpdir(), 'insightdesk-proxy-'));
const first = 9_000 + 20 * Math.floor(Math.random() * 40);
const ports = await findPorts(portsFrom(first));
const supervisor = createSupervisor({
  leftovers: createLeftovers(join(directory, 'processes')),
  onLine: (_, line) => lines.push(line),
});
const accessLog = join(directory, 'access.log');
const lines: string[] = [];
const upstreams = new Map<string, Server>();
const leaving = new Set<string>();
const seen: { name: string; method: string | undefined; headers: IncomingHttpHeaders }[] = [];
let origin: string;
let ca: string;

/** A server that says who it is; `/cut` drops the connection once it has read the request. */
async function listen(name: keyof typeof ports) {
  const server = createServer((request, response) => {
    seen.push({ name, method: request.method, headers: request.headers });
    if (request.url === '/cut') return request.socket.destroy();
    if (request.url === '/busy' || leaving.has(name)) response.statusCode = 503;
    response.setHeader('X-Content-Type-Options', 'other');
    response.setHeader('X-Request-Id', 'other');
    response.setHeader('Set-Cookie', 'a=b');
    request.resume().once('end', () => response.end(JSON.stringify({ name })));
  });
  upstreams.set(name, server);
  await new Promise<void>((resolve) => server.listen(ports[name], '127.0.0.1', resolve));
}

async function stop(name: string) {
  const server = upstreams.get(name);
  const closed = new Promise((resolve) => server?.close(resolve));
  server?.closeAllConnections();
  await closed;
}

const services = ['api-1', 'api-2', 'websocket-1', 'websocket-2'] as const;

beforeAll(async () => {
  const tls = await prepareTls(join(directory, 'tls'));
  const { nginx: tool } = await requireTools(() => {});
  const nginx = createNginx({
    tool,
    directory: join(directory, 'nginx'),
    ports,
    tls,
    accessLog,
  });
  await Promise.all(services.map(listen));
  await nginx.configure();
  await supervisor.start(nginx.spec);
  origin = nginx.url;
  ca = readFileSync(tls.ca, 'utf8');
});

afterAll(async () => {
  await supervisor.stop('nginx');
  await Promise.all(services.map(stop));
  rmSync(directory, { recursive: true });
});

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${origin}${path}`, { ...init, redirect: 'manual', tls: { ca } });
const whoAnswers = async (path: string) =>
  ((await (await ask(path)).json()) as { name: string }).name;

async function expectProblem(response: Response, status: number, code: string) {
  expect(response.status).toBe(status);
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  const body = (await response.json()) as Record<string, string>;
  expect(body).toMatchObject({ type: 'about:blank', status, code });
  expect(response.headers.get('X-Request-Id')).toBe(body.requestId ?? '');
  expect(body.title).not.toBeEmpty();
  expect(body.detail).not.toBeEmpty();
}

describe('headers', () => {
  test('what the API also says is said once', async () => {
    const { headers } = await ask('/');
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Strict-Transport-Security')).toContain('max-age=31536000');
    expect(headers.get('Server')).toBe('nginx');
  });

  test('a sane request id is kept, another replaced', async () => {
    const sane = await ask('/', { headers: { 'X-Request-Id': 'abc.DEF:1-2_3' } });
    expect(sane.headers.get('X-Request-Id')).toBe('abc.DEF:1-2_3');
    const odd = await ask('/', { headers: { 'X-Request-Id': 'a "quoted" one' } });
    expect(odd.headers.get('X-Request-Id')).toMatch(/^[0-9a-f]{32}$/);
  });

  test('nobody can forge where a request comes from', async () => {
    await ask('/', { headers: { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'http' } });
    const { headers } = seen.at(-1) as (typeof seen)[number];
    expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(headers['x-forwarded-proto']).toBe('https');
  });

  test('Retry-After comes with a 503, also with one of the API', async () => {
    expect((await ask('/busy')).headers.get('Retry-After')).toBe('1');
    expect((await ask('/')).headers.has('Retry-After')).toBe(false);
  });
});

describe('files', () => {
  test('who asks for them stays outside, and no cookie comes back', async () => {
    const headers = { Cookie: '__Host-desk-access=secret', Authorization: 'Bearer secret' };
    const { headers: answered } = await ask('/files/signed/a?signature=1', { headers });
    const { headers: told } = seen.at(-1) as (typeof seen)[number];
    expect([told.cookie, told.authorization]).toEqual([undefined, undefined]);
    expect(told.host).toBe(`localhost:${ports.https}`);
    expect([told['x-forwarded-for'], told['x-forwarded-proto']]).toEqual(['127.0.0.1', 'https']);
    expect(answered.has('Set-Cookie')).toBe(false);
    expect(answered.get('X-Content-Type-Options')).toBe('nosniff');
    expect(answered.get('X-Request-Id')).not.toBe('other');
    await ask('/v1/me', { headers });
    expect(seen.at(-1)?.headers.cookie).toBe('__Host-desk-access=secret');
  });

  test('as large as uploads, and what signs them is not written down', async () => {
    const body = new Uint8Array(12 * 1024 * 1024);
    expect((await ask('/files/signed/a?signature=quiet', { method: 'PUT', body })).status).toBe(
      200,
    );
    const larger = new Uint8Array(27 * 1024 * 1024);
    const refused = await ask('/files/signed/a', { method: 'PUT', body: larger });
    await expectProblem(refused, 413, 'PAYLOAD_TOO_LARGE');
    expect(readFileSync(accessLog, 'utf8')).not.toContain('quiet');
  });
});

describe('answers of its own', () => {
  test('figures are not for the outside', async () => {
    for (const path of ['/metrics', '/metrics/', '/%6detrics', '//metrics', '/x/../metrics']) {
      const before = seen.length;
      await expectProblem(await ask(path), 404, 'NOT_FOUND');
      expect(seen.length).toBe(before);
    }
  });

  test('bodies that are too large, with more room for files', async () => {
    const body = new Uint8Array(12 * 1024 * 1024);
    await expectProblem(await ask('/', { method: 'POST', body }), 413, 'PAYLOAD_TOO_LARGE');
    expect((await ask('/v1/attachments', { method: 'POST', body })).status).toBe(200);
    const larger = new Uint8Array(27 * 1024 * 1024);
    const refused = await ask('/v1/attachments', { method: 'POST', body: larger });
    await expectProblem(refused, 413, 'PAYLOAD_TOO_LARGE');
  });

  test('headers and methods it does not take', async () => {
    const long = await ask('/', { headers: { 'X-Long': 'x'.repeat(40_000) } });
    await expectProblem(long, 431, 'REQUEST_HEADER_FIELDS_TOO_LARGE');
    const trace = await raw('TRACE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(trace).toMatch(/^HTTP\/1.1 405/);
    expect(trace).toContain('application/problem+json');
    const garbage = await raw('GARBAGE\r\n\r\n');
    expect(garbage).toContain('"code":"BAD_REQUEST"');
  });

  test('plain HTTP is sent to HTTPS, with its method', async () => {
    const { status, headers } = await fetch(`http://localhost:${ports.http}/v1/me?a=1`, {
      method: 'POST',
      redirect: 'manual',
    });
    expect(status).toBe(308);
    expect(headers.get('Location')).toBe(`${origin}/v1/me?a=1`);
  });

  test('nobody who names another Host is sent there', async () => {
    const headers = { Host: 'evil.example' };
    const plain = await fetch(`http://localhost:${ports.http}/`, { redirect: 'manual', headers });
    expect(plain.headers.get('Location')).toBe(`${origin}/`);
    const mistaken = await fetch(`http://localhost:${ports.https}/a`, {
      redirect: 'manual',
      headers,
    });
    expect(mistaken.headers.get('Location')).toBe(`${origin}/a`);
  });

  test('what is far too much to sign in with is not even taken', async () => {
    const before = seen.length;
    const body = new Uint8Array(100_000);
    for (const path of ['/v1/auth/login', '/v1/invitations/accept']) {
      await expectProblem(await ask(path, { method: 'POST', body }), 413, 'PAYLOAD_TOO_LARGE');
    }
    expect(seen.length).toBe(before);
    expect((await ask('/v1/conversations', { method: 'POST', body })).status).toBe(200);
  });
});

describe('what is written down', () => {
  test('paths, but neither tokens nor ids of sessions, also when something fails', async () => {
    const secret = 'open-sesame';
    await ask(`/invitations/accept?token=${secret}`, { headers: { Referer: `/x?a=${secret}` } });
    await ask(`/socket.io/?EIO=4&sid=1.${secret}`);
    await ask(`/cut?token=${secret}`);
    await fetch(`http://localhost:${ports.http}/?token=${secret}`, { redirect: 'manual' });
    await untilLogged('/cut');
    const log = readFileSync(accessLog, 'utf8');
    expect(log).toContain('"method":"GET","path":"/invitations/accept","protocol":"HTTP/1.1"');
    expect(log).toContain('"method":"GET","path":"/socket.io/","protocol":"HTTP/1.1"');
    expect(log).not.toContain(secret);
    expect(lines.join('\n')).not.toContain(secret);
  });

  async function untilLogged(path: string) {
    for (let i = 0; i < 1_000 && !readFileSync(accessLog, 'utf8').includes(path); i++) {
      await Bun.sleep(20);
    }
  }
});

/** One request as bytes over TLS, one answer. */
async function raw(text: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: ports.https, ca, servername: 'localhost' });
  let answer = '';
  socket.on('data', (bytes: Buffer) => {
    answer += bytes;
  });
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve).once('end', resolve));
  socket.destroy();
  return answer;
}

describe('sockets', () => {
  test('a session stays with the replica that its id names', async () => {
    for (const [sid, name] of [
      ['1.abc', 'websocket-1'],
      ['2.abc', 'websocket-2'],
    ]) {
      const answers = await Promise.all(Array(6).fill(`/socket.io/?sid=${sid}`).map(whoAnswers));
      expect(new Set(answers)).toEqual(new Set([name as string]));
    }
  });

  test('200 new sessions from one address spread evenly', async () => {
    const answers: string[] = [];
    for (let i = 0; i < 200; i++) answers.push(await whoAnswers('/socket.io/?EIO=4'));
    expect(answers.filter((name) => name === 'websocket-1')).toHaveLength(100);
  });

  test('a replica that refuses newcomers with a 503 leaves them to the other', async () => {
    leaving.add('websocket-1');
    for (let i = 0; i < 4; i++) expect(await whoAnswers('/socket.io/')).toBe('websocket-2');
    leaving.clear();
  });

  test('of a replica that has gone nobody else is asked, and others take its new sessions', async () => {
    await stop('websocket-1');
    const before = seen.length;
    await expectProblem(await ask('/socket.io/?sid=1.abc'), 502, 'BAD_GATEWAY');
    expect(seen.length).toBe(before);
    for (let i = 0; i < 5; i++) expect(await whoAnswers('/socket.io/')).toBe('websocket-2');
    await listen('websocket-1');
    const back = await Promise.all(Array(10).fill('/socket.io/').map(whoAnswers));
    expect(back.filter((name) => name === 'websocket-1')).toHaveLength(5);
  });
});

describe('a dead API', () => {
  // nginx counts whole seconds: one of them lasts up to two.
  const untilForgiven = () => Bun.sleep(2100);

  test('nobody notices while another lives, whatever the method', async () => {
    await stop('api-1');
    for (const method of ['GET', 'POST', 'PATCH', 'DELETE']) {
      expect((await ask('/', { method })).status).toBe(200);
    }
    await listen('api-1');
    await untilForgiven();
  });

  test('a POST that was already sent is not sent again, a GET is', async () => {
    for (const [method, times] of [
      ['POST', 1],
      ['GET', 3],
    ] as const) {
      const before = seen.length;
      await expectProblem(await ask('/cut', { method }), 502, 'BAD_GATEWAY');
      expect(seen.length - before).toBe(times);
      await untilForgiven();
    }
  });

  test('one that is back is asked at once when the other goes, also with a POST', async () => {
    await stop('api-1');
    for (let i = 0; i < 4; i++) expect((await ask('/', { method: 'POST' })).status).toBe(200);
    await listen('api-1');
    await stop('api-2');
    for (let i = 0; i < 4; i++) expect((await ask('/', { method: 'POST' })).status).toBe(200);
    await listen('api-2');
    await untilForgiven();
  });

  test('after all were dead at once they are reached as soon as they are back', async () => {
    await Promise.all([stop('api-1'), stop('api-2')]);
    await expectProblem(await ask('/'), 502, 'BAD_GATEWAY');
    await Promise.all([listen('api-1'), listen('api-2')]);
    expect((await ask('/')).status).toBe(200);
  });
});
