import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { until } from '../e2e/client.ts';
import { openEdge, type ServerName } from './test-nginx.ts';

const MOST_CONNECTIONS = 3;
const MOST_SOCKETS = 4;
const BURST = 10;

const held: ServerResponse[] = [];
const asked: { name: ServerName; address: unknown }[] = [];
let stuck: ServerName | undefined;
let edge: Awaited<ReturnType<typeof openEdge>>;

beforeAll(async () => {
  const limits = {
    RATE_LIMIT_MAX_REQUESTS: '300',
    LIMIT_REQUESTS: `${BURST / 5}`,
    LIMIT_CONNECTIONS: `${MOST_CONNECTIONS}`,
    LIMIT_SOCKETS: `${MOST_SOCKETS}`,
    HEADER_TIMEOUT: '1s',
    // Tests come from many addresses as people behind a balancer do.
    FRONT_PROXIES: '127.0.0.1',
  };
  edge = await openEdge(limits, (name, request, response) => {
    asked.push({ name, address: request.headers['x-forwarded-for'] });
    if (request.url === '/held' || name === stuck) held.push(response);
    else response.end(name);
  });
});
afterAll(() => edge.close());

const letGo = () => {
  for (const response of held.splice(0)) response.end('held');
};
const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } });
const problemOf = async (response: Response) => {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(response.headers.get('Strict-Transport-Security')).toBeString();
  return (await response.json()) as Record<string, unknown>;
};

describe('limits of an address', () => {
  test('too many requests: 429 for it, and for nobody else', async () => {
    const statuses: number[] = [];
    let refused: Response | undefined;
    for (let i = 0; i < 1000 && !refused; i++) {
      const answer = await edge.ask('/', from('203.0.113.1'));
      statuses.push(answer.status);
      if (answer.status === 429) refused = answer;
    }
    expect(statuses.slice(0, BURST)).toEqual(Array(BURST).fill(200));
    expect(refused?.headers.get('Retry-After')).toBe('1');
    expect(await problemOf(refused as Response)).toMatchObject({
      status: 429,
      code: 'TOO_MANY_REQUESTS',
      requestId: refused?.headers.get('X-Request-Id'),
    });
    expect((await edge.ask('/', from('203.0.113.2'))).status).toBe(200);
    expect(edge.log().toString()).toContain('"limitedBy":"requests"');
  });

  test('the networks that households have of IPv6 count as one, IPv4 addresses each', async () => {
    const fill = async (addresses: (i: number) => string) => {
      const statuses = new Set<number>();
      for (let i = 0; i < 200 && !statuses.has(429); i++)
        statuses.add((await edge.ask('/', from(addresses(i)))).status);
      return statuses.has(429);
    };
    expect(await fill((i) => `2001:db8:1:2:${i.toString(16)}::1`)).toBe(true);
    expect(await fill((i) => `2001:db8:2::${i.toString(16)}`)).toBe(true);
    expect(await fill((i) => `2001:db8:3:${(i + 1).toString(16)}::1`)).toBe(false);
    expect(await fill((i) => `::ffff:198.51.100.${i}`)).toBe(false);
    expect(await fill((i) => `198.51.100.${i}`)).toBe(false);
  });

  test('too many connections: 429 until one of them ends', async () => {
    const own = from('203.0.113.3');
    const before = held.length;
    const waiting = Array.from({ length: MOST_CONNECTIONS }, () => edge.ask('/held', own));
    await until(() => held.length - before === MOST_CONNECTIONS);
    expect(await problemOf(await edge.ask('/', own))).toMatchObject({
      status: 429,
      code: 'TOO_MANY_CONNECTIONS',
    });
    expect((await edge.ask('/', from('203.0.113.4'))).status).toBe(200);
    letGo();
    for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
    await until(async () => (await edge.ask('/', own)).status === 200);
    expect(edge.log().toString()).toContain('"limitedBy":"connections"');
  });

  test('sockets have room of their own', async () => {
    const own = { 'X-Forwarded-For': '203.0.113.5' };
    const open = await Promise.all(Array.from({ length: MOST_SOCKETS }, () => upgrade(own)));
    for (const { head } of open) expect(head).toStartWith('HTTP/1.1 101');
    const { head, socket } = await upgrade(own);
    expect(head).toStartWith('HTTP/1.1 429');
    socket.destroy();
    expect((await edge.ask('/', { headers: own })).status).toBe(200);
    for (const { socket } of open) socket.destroy();
  });

  test('who is in front is believed, who is behind that is not', async () => {
    await edge.ask('/', from('192.0.2.66, 203.0.113.6'));
    expect(asked.at(-1)?.address).toBe('203.0.113.6');
  });
});

/** A socket through the proxy, and how the answer begins. */
async function upgrade(headers: Record<string, string> = {}, path = '/socket.io/?EIO=4') {
  const socket = edge.dial();
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on('error', () => {});
  socket.once('data', (bytes) => resolve(String(bytes)));
  const lines = { Host: 'localhost', Connection: 'Upgrade', Upgrade: 'echo', ...headers };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${head.join('')}\r\n`);
  return { head: await promise, socket };
}

const heard = (socket: TLSSocket) =>
  new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))));

test('an upgrade is passed on, and then bytes both ways', async () => {
  const { head, socket } = await upgrade({ 'X-Forwarded-For': '203.0.113.7' });
  expect(head).toStartWith('HTTP/1.1 101 Switching Protocols');
  for (const word of ['there', 'and back']) {
    socket.write(word);
    expect(await heard(socket)).toBe(word);
  }
  socket.destroy();
});

describe('slow ones', () => {
  test('who say nothing at all are cut, before TLS and after it', async () => {
    const silent = [
      connectTcp(edge.ports.https, '127.0.0.1'),
      connectTcp(edge.ports.http, '127.0.0.1'),
      edge.dial(),
    ];
    const cut = silent.map(
      (socket) =>
        new Promise((resolve) => {
          socket
            .resume()
            .on('error', () => {})
            .once('close', resolve);
        }),
    );
    expect(await Promise.all(cut)).toHaveLength(silent.length);
  });

  test('whose head only trickles in are cut, however many, and others notice nothing', async () => {
    const one = () => {
      const socket = edge.dial();
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.on('error', () => {});
      socket.once('close', () => resolve());
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
      const drip = setInterval(() => socket.write('x'), 100);
      return promise.finally(() => clearInterval(drip));
    };
    const cut = Promise.all(Array.from({ length: 50 }, one));
    expect((await edge.ask('/', from('203.0.113.8'))).status).toBe(200);
    await cut;
    expect((await edge.ask('/', from('203.0.113.8'))).status).toBe(200);
    expect(linesOf(edge.log()).filter(({ status }) => status === 408)).toHaveLength(50);
  });
});

describe('TLS', () => {
  const meet = (options: object) =>
    new Promise<string>((resolve) => {
      const socket = edge.dial(options);
      socket.once('error', (error) => resolve(`${(error as { code?: string }).code} ${error}`));
      socket.once('secureConnect', () => {
        resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
        socket.destroy();
      });
    });

  test('1.1 is refused by the server, 1.2 and 1.3 are spoken', async () => {
    const of = (version: string) => meet({ minVersion: version, maxVersion: version });
    expect(await of('TLSv1.1')).toMatch(/alert.protocol.version/i);
    expect(await of('TLSv1.2')).toStartWith('TLSv1.2 ');
    expect(await of('TLSv1.3')).toStartWith('TLSv1.3 ');
  });

  test('of 1.2 only what authenticates what it encrypts', async () => {
    const of = (ciphers: string) => meet({ maxVersion: 'TLSv1.2', ciphers });
    expect(await of('ECDHE-ECDSA-AES128-SHA')).toMatch(/handshake.failure/i);
    for (const name of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'])
      expect(await of(name)).toBe(`TLSv1.2 ${name}`);
  });

  test('HTTP/2 is spoken, with the same limits', async () => {
    const session = connectHttp2(edge.origin, { ca: edge.ca });
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
      const many = Array.from({ length: 3 * BURST }, () => get('/', '203.0.113.10'));
      const refused = (await Promise.all(many)).find(({ status }) => status === 429);
      expect(JSON.parse(refused?.text ?? '')).toMatchObject({ status: 429 });
    } finally {
      session.destroy();
    }
    const line = await logged('/over-h2');
    expect(line.protocol).toBe('HTTP/2.0');
  });
});

const linesOf = (log: Buffer) => {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(log);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};
const logged = (path: string) =>
  until(() => linesOf(edge.log()).find((line) => line.path === path));

describe('the log', () => {
  test('tells a request in one line of JSON', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.11', 'X-Request-Id': 'known-by-this' };
    await edge.ask('/v1/line?token=secret', { method: 'POST', body: 'four', headers });
    expect(await logged('/v1/line')).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/),
      service: 'nginx',
      requestId: 'known-by-this',
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

  test('has the method of what the proxy answers itself', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.12' };
    await edge.ask('/metrics/of-mine', { method: 'PUT', headers });
    expect(await logged('/metrics/of-mine')).toMatchObject({ method: 'PUT', status: 404 });
  });

  test.each([
    ['/odd-a?token=SECRET', '/odd-a'],
    ['/odd-b%3Ftoken=SECRET', '/odd-b'],
    ['/odd-c;session=SECRET', '/odd-c'],
    ['/odd-d/eyJhbGciOiJIUzI1NiJ9.SECRET.x', '/odd-d/'],
    ['/odd-e"}\\{"a":"SECRET', '/odd-e'],
    ['/odd-f\xff\xfe', '/odd-f'],
    ['/odd-g/%22/a%2Fb', '/odd-g/%22/a%2Fb'],
  ])('of %j keeps %s', async (target, path) => {
    const socket = edge.dial().resume();
    const head = `GET ${target} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: SECRET"\xff\r\n`;
    const words = 'Referer: /?a=SECRET\r\nCookie: a=SECRET\r\nAuthorization: Bearer SECRET\r\n';
    const address = `X-Forwarded-For: 203.0.113.${100 + path.length}\r\n`;
    socket.write(Buffer.from(`${head}${words}${address}Connection: close\r\n\r\n`, 'latin1'));
    await new Promise((resolve) => socket.once('close', resolve));
    await logged(path);
    expect(edge.log().includes('SECRET')).toBe(false);
  });
});

describe('a sick API', () => {
  const ask = (i: number) => edge.ask('/', from(`198.51.100.${i}`));

  test('that is dead is left alone: asked once a second at most, and nobody waits for it', async () => {
    await edge.stop('api-1');
    const since = performance.now();
    for (let i = 0; i < 60; i++) expect((await ask(i)).status).toBe(200);
    const seconds = (performance.now() - since) / 1000;
    const dead = `127.0.0.1:${edge.ports['api-1']}`;
    const tries = linesOf(edge.log()).filter(({ upstream }) =>
      `${upstream}`.startsWith(`${dead},`),
    );
    expect(tries.length).toBeGreaterThan(0);
    expect(tries.length).toBeLessThanOrEqual(2 + seconds);
    await edge.listen('api-1');
  });

  test('that takes requests and answers none gets few of them', async () => {
    const before = held.length;
    stuck = 'api-1';
    const lost: Promise<Response>[] = [];
    while (held.length === before) {
      const one = ask(lost.length);
      lost.push(one);
      await Promise.race([one, until(() => held.length > before)]);
    }
    const names = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => (await ask(100 + i)).text()),
    ).finally(letGo);
    stuck = undefined;
    expect(names.filter((name) => name !== 'held').length).toBeGreaterThanOrEqual(10);
    await Promise.all(lost);
  });
});
