import { expect, test } from 'bun:test';
import { createLifecycle, findAvailablePort } from '@insightdesk/shared/lifecycle';
import { createLogger } from '@insightdesk/shared/logging';
import { serveHttp } from './serve-http.ts';

const log = createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' });

async function open(fetch: (request: Request) => Response | Promise<Response>) {
  const host = '127.0.0.1';
  const port = await findAvailablePort(34_000 + (process.pid % 1_000), host);
  const lifecycle = createLifecycle({ log, shutdownTimeoutMs: 5_000 });
  serveHttp({ config: { service: { host, port } }, lifecycle, log }, fetch);
  await lifecycle.start();
  return { lifecycle, url: `http://${host}:${port}` };
}

test('what was accepted is finished, then nothing is accepted any more', async () => {
  const held = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const { lifecycle, url } = await open(async ({ url }) => {
    if (!url.endsWith('/slow')) return new Response(String(lifecycle.isReady));
    began.resolve();
    await held.promise;
    return new Response('done');
  });
  expect(await (await fetch(url, { keepalive: false })).text()).toBe('true');

  const slow = fetch(`${url}/slow`, { keepalive: false });
  await began.promise;
  const stopped = lifecycle.stop('test');
  const during = await fetch(url, { keepalive: false });
  expect(await during.text()).toBe('false');
  // A proxy that had to connect anew could be cut off at the wrong moment.
  expect(during.headers.get('Connection')).not.toBe('close');
  const late = () => fetch(`${url}/late`, { keepalive: false });
  while (await late().catch(() => undefined)) await Bun.sleep(50);

  held.resolve();
  expect(await (await slow).text()).toBe('done');
  await stopped;
});

/** What a connection of its own gives, as often as it is asked: an answer, or why there is none. */
async function connect(url: string) {
  const { hostname, port } = new URL(url);
  let heard = Promise.withResolvers<string>();
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data: (_, bytes) => heard.resolve(bytes.toString()),
      close: () => heard.resolve('closed'),
      error: (_, { message }) => heard.resolve(message),
    },
  });
  return {
    ask() {
      heard = Promise.withResolvers();
      socket.write('POST / HTTP/1.1\r\nHost: desk\r\nContent-Length: 0\r\n\r\n');
      return heard.promise;
    },
    end: () => socket.end(),
  };
}

const refusalOf = (error: { code: string }) => error.code;

test.skipIf(process.platform !== 'linux')(
  'connections outlive the listener, and end with an answer',
  async () => {
    const { lifecycle, url } = await open(() => new Response('done'));
    const [kept, silent] = await Promise.all([connect(url), connect(url)]);
    expect(await kept.ask()).not.toContain('Connection: close');
    const stopped = lifecycle.stop('test');
    expect(await silent.ask()).toContain('200 OK');
    for (let refusal: unknown; refusal !== 'ECONNREFUSED'; await Bun.sleep(10)) {
      refusal = await connect(url).then(({ end }) => end(), refusalOf);
    }
    for (const each of [kept, silent]) {
      expect(await each.ask()).toMatch(/200 OK.*Connection: close/s);
    }
    await stopped;
  },
);

test.skipIf(process.platform !== 'linux')(
  'whoever gets through to a stopping server is answered',
  async () => {
    const { lifecycle, url } = await open(() => new Response('done'));
    const outcomes = new Set<string>();
    async function knock() {
      for (let outcome = ''; outcome !== 'ECONNREFUSED'; outcomes.add(outcome)) {
        const connection = await connect(url).catch(refusalOf);
        if (typeof connection === 'string') outcome = connection;
        else outcome = (await connection.ask()).split('\r\n')[0] ?? '';
        if (typeof connection !== 'string') connection.end();
      }
    }
    const knocking = Array.from({ length: 20 }, knock);
    await Bun.sleep(50);
    await Promise.all([lifecycle.stop('test'), ...knocking]);
    expect([...outcomes].sort()).toEqual(['ECONNREFUSED', 'HTTP/1.1 200 OK']);
  },
);

test('a handler that throws is answered without a word', async () => {
  const { lifecycle, url } = await open(() => {
    throw new Error('secret');
  });
  const response = await fetch(url, { keepalive: false });
  expect(response.status).toBe(500);
  expect(await response.text()).toBe('');
  await lifecycle.stop('test');
});
