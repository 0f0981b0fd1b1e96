import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { until } from '../../shared/testing/until.ts';
import { expectProblem } from './expect-problem.ts';
import { startTestNginx, type TestNginx } from './start-test-nginx.ts';

const MAX_CONNECTIONS = 3;
const MAX_SOCKETS = 4;
const BURST = 10;

const pending: ServerResponse[] = [];
const forwardedFor: unknown[] = [];
let nginx: TestNginx;

beforeAll(async () => {
  const limits = {
    RATE_LIMIT_MAX_REQUESTS: '300',
    LIMIT_REQUESTS: `${BURST / 5}`,
    LIMIT_CONNECTIONS: `${MAX_CONNECTIONS}`,
    LIMIT_SOCKETS: `${MAX_SOCKETS}`,
    HEADER_TIMEOUT: '1s',
    // The tests send requests as a load balancer in front, from many addresses.
    FRONT_PROXIES: '127.0.0.1',
  };
  nginx = await startTestNginx(limits, (name, request, response) => {
    forwardedFor.push(request.headers['x-forwarded-for']);
    if (request.url === '/pending') pending.push(response);
    else response.end(name);
  });
});
afterAll(() => nginx.close());

const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } });

describe('limits of an address', () => {
  test('requests over the limit are 429, other addresses are not affected', async () => {
    const statuses: number[] = [];
    let rejected: Response | undefined;
    for (let i = 0; i < 1000 && !rejected; i++) {
      const response = await nginx.request('/', from('203.0.113.1'));
      statuses.push(response.status);
      if (response.status === 429) rejected = response;
    }
    expect(statuses.slice(0, BURST)).toEqual(Array(BURST).fill(200));
    expect(rejected?.headers.get('Retry-After')).toBe('1');
    await expectProblem(rejected as Response, 429, 'TOO_MANY_REQUESTS');
    expect((await nginx.request('/', from('203.0.113.2'))).status).toBe(200);
    expect(nginx.readLog().toString()).toContain('"limitedBy":"requests"');
  });

  test('an IPv6 /64 counts as one address, IPv4 addresses count separately', async () => {
    const isLimited = async (address: (i: number) => string) => {
      for (let i = 0; i < 200; i++) {
        if ((await nginx.request('/', from(address(i)))).status === 429) return true;
      }
      return false;
    };
    expect(await isLimited((i) => `2001:db8:1:2:${i.toString(16)}::1`)).toBe(true);
    expect(await isLimited((i) => `2001:db8:2::${i.toString(16)}`)).toBe(true);
    expect(await isLimited((i) => `2001:db8:3:${(i + 1).toString(16)}::1`)).toBe(false);
    expect(await isLimited((i) => `::ffff:198.51.100.${i}`)).toBe(false);
    expect(await isLimited((i) => `198.51.100.${i}`)).toBe(false);
  });

  test('concurrent requests over the limit are 429 until one of them ends', async () => {
    const client = from('203.0.113.3');
    const before = pending.length;
    const waiting = Array.from({ length: MAX_CONNECTIONS }, () =>
      nginx.request('/pending', client),
    );
    await until(() => pending.length - before, { equals: MAX_CONNECTIONS });
    await expectProblem(await nginx.request('/', client), 429, 'TOO_MANY_CONNECTIONS');
    expect((await nginx.request('/', from('203.0.113.4'))).status).toBe(200);
    for (const response of pending.splice(0)) response.end();
    for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
    await until(async () => (await nginx.request('/', client)).status, { equals: 200 });
    expect(nginx.readLog().toString()).toContain('"limitedBy":"connections"');
  });

  test('sockets have a limit of their own', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.5' };
    const open = await Promise.all(Array.from({ length: MAX_SOCKETS }, () => upgrade(headers)));
    for (const { head } of open) expect(head).toStartWith('HTTP/1.1 101');
    const { head, socket } = await upgrade(headers);
    expect(head).toStartWith('HTTP/1.1 429');
    socket.destroy();
    expect((await nginx.request('/', { headers })).status).toBe(200);
    for (const { socket } of open) socket.destroy();
  });

  test('only the last address of X-Forwarded-For is trusted', async () => {
    await nginx.request('/', from('192.0.2.66, 203.0.113.6'));
    expect(forwardedFor.at(-1)).toBe('203.0.113.6');
  });

  test('HTTP/2 requests have the same limits', async () => {
    const session = connectHttp2(nginx.origin, { ca: nginx.ca });
    const get = (path: string, address: string) => {
      const stream = session.request({ ':path': path, 'x-forwarded-for': address });
      return new Promise<{ status: unknown; text: string }>((resolve, reject) => {
        let [status, text]: [unknown, string] = [undefined, ''];
        stream.once('response', (headers) => {
          status = headers[':status'];
        });
        stream.on('data', (bytes) => {
          text += bytes;
        });
        stream.once('end', () => resolve({ status, text })).once('error', reject);
        stream.end();
      });
    };
    try {
      expect(await get('/over-h2', '203.0.113.9')).toMatchObject({ status: 200 });
      expect(session.alpnProtocol).toBe('h2');
      const responses = Array.from({ length: 3 * BURST }, () => get('/', '203.0.113.10'));
      const rejected = (await Promise.all(responses)).find(({ status }) => status === 429);
      expect(JSON.parse(rejected?.text ?? '')).toMatchObject({ status: 429 });
    } finally {
      session.destroy();
    }
    const line = await until(() => nginx.logLines().find(({ path }) => path === '/over-h2'));
    expect(line.protocol).toBe('HTTP/2.0');
  });
});

/** Requests an upgrade; `head` is the start of the response. */
async function upgrade(headers: Record<string, string> = {}) {
  const socket = nginx.connect();
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on('error', () => {});
  socket.once('data', (bytes) => resolve(String(bytes)));
  const lines = { Host: 'localhost', Connection: 'Upgrade', Upgrade: 'echo', ...headers };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET /socket.io/?EIO=4 HTTP/1.1\r\n${head.join('')}\r\n`);
  return { head: await promise, socket };
}

describe('slow clients', () => {
  test('idle connections are closed, before and after the TLS handshake', async () => {
    const idle = [
      connectTcp(nginx.ports.https, '127.0.0.1'),
      connectTcp(nginx.ports.http, '127.0.0.1'),
      nginx.connect(),
    ];
    const closed = idle.map((socket) => {
      socket.resume().on('error', () => {});
      return new Promise((resolve) => socket.once('close', resolve));
    });
    expect(await Promise.all(closed)).toHaveLength(idle.length);
  });

  test('50 slow headers are cut off with 408, other requests are not affected', async () => {
    const sendSlowly = () => {
      const socket = nginx.connect();
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.on('error', () => {});
      socket.once('close', () => resolve());
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
      const timer = setInterval(() => socket.write('x'), 100);
      return promise.finally(() => clearInterval(timer));
    };
    const closed = Promise.all(Array.from({ length: 50 }, sendSlowly));
    expect((await nginx.request('/', from('203.0.113.8'))).status).toBe(200);
    await closed;
    expect((await nginx.request('/', from('203.0.113.8'))).status).toBe(200);
    expect(nginx.logLines().filter(({ status }) => status === 408)).toHaveLength(50);
  });
});
