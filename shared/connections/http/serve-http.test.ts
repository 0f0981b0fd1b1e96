import { expect, test } from 'bun:test';
import { createLifecycle, findAvailablePort } from '@insightdesk/shared/lifecycle';
import { createLogger } from '@insightdesk/shared/logging';
import { until } from '../../testing/until.ts';
import { serveHttp } from './serve-http.ts';

const log = createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' });

async function startServer(fetch: (request: Request) => Response | Promise<Response>) {
  const host = '127.0.0.1';
  const port = await findAvailablePort(34_000 + (process.pid % 1_000), host);
  const lifecycle = createLifecycle({ log, shutdownTimeoutMs: 5_000 });
  serveHttp({ config: { service: { host, port } }, lifecycle, log }, fetch);
  await lifecycle.start();
  return { lifecycle, url: `http://${host}:${port}` };
}

test('serveHttp: on a stop accepted requests are finished and new ones are refused', async () => {
  const released = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const { lifecycle, url } = await startServer(async ({ url }) => {
    if (!url.endsWith('/slow')) return new Response(String(lifecycle.isReady));
    started.resolve();
    await released.promise;
    return new Response('done');
  });
  expect(await (await fetch(url, { keepalive: false })).text()).toBe('true');

  const slow = fetch(`${url}/slow`, { keepalive: false });
  await started.promise;
  const stopped = lifecycle.stop('test');
  const during = await fetch(url, { keepalive: false });
  expect(await during.text()).toBe('false');
  // Before the listener closes, a proxy must not be forced to reconnect.
  expect(during.headers.get('Connection')).not.toBe('close');
  const late = () => fetch(`${url}/late`, { keepalive: false });
  await until('the listener to close', () =>
    late().then(
      () => false,
      () => true,
    ),
  );

  released.resolve();
  expect(await (await slow).text()).toBe('done');
  await stopped;
});

/** A connection that sends requests and returns the response or the reason of the failure. */
async function connect(url: string) {
  const { hostname, port } = new URL(url);
  let received = Promise.withResolvers<string>();
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data: (_, bytes) => received.resolve(bytes.toString()),
      close: () => received.resolve('closed'),
      error: (_, { message }) => received.resolve(message),
    },
  });
  return {
    send() {
      received = Promise.withResolvers();
      socket.write('POST / HTTP/1.1\r\nHost: desk\r\nContent-Length: 0\r\n\r\n');
      return received.promise;
    },
    end: () => socket.end(),
  };
}

const codeOf = (error: { code: string }) => error.code;

test.skipIf(process.platform !== 'linux')(
  'serveHttp: open connections outlive the listener and end with a response',
  async () => {
    const { lifecycle, url } = await startServer(() => new Response('done'));
    const [active, silent] = await Promise.all([connect(url), connect(url)]);
    expect(await active.send()).not.toContain('Connection: close');
    const stopped = lifecycle.stop('test');
    expect(await silent.send()).toContain('200 OK');
    await until(() => connect(url).then(({ end }) => end(), codeOf), { equals: 'ECONNREFUSED' });
    for (const connection of [active, silent]) {
      expect(await connection.send()).toMatch(/200 OK.*Connection: close/s);
    }
    await stopped;
  },
);

test.skipIf(process.platform !== 'linux')(
  'serveHttp: every accepted connection of a stopping server gets a response',
  async () => {
    const { lifecycle, url } = await startServer(() => new Response('done'));
    const outcomes = new Set<string>();
    async function connectUntilRefused() {
      for (let outcome = ''; outcome !== 'ECONNREFUSED'; outcomes.add(outcome)) {
        const connection = await connect(url).catch(codeOf);
        if (typeof connection === 'string') outcome = connection;
        else outcome = (await connection.send()).split('\r\n')[0] ?? '';
        if (typeof connection !== 'string') connection.end();
      }
    }
    const connecting = Array.from({ length: 20 }, connectUntilRefused);
    await Bun.sleep(50);
    await Promise.all([lifecycle.stop('test'), ...connecting]);
    expect([...outcomes].sort()).toEqual(['ECONNREFUSED', 'HTTP/1.1 200 OK']);
  },
);

test('serveHttp: a handler that throws responds 500 without a body', async () => {
  const { lifecycle, url } = await startServer(() => {
    throw new Error('secret');
  });
  const response = await fetch(url, { keepalive: false });
  expect(response.status).toBe(500);
  expect(await response.text()).toBe('');
  await lifecycle.stop('test');
});
