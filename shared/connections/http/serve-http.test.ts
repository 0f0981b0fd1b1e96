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
  expect(await (await fetch(url)).text()).toBe('true');

  const slow = fetch(`${url}/slow`);
  await began.promise;
  const stopped = lifecycle.stop('test');
  const during = await fetch(url);
  expect(await during.text()).toBe('false');
  // A proxy that had to connect anew could be cut off at the wrong moment.
  expect(during.headers.get('Connection')).not.toBe('close');
  await Bun.sleep(400);
  await expect(fetch(`${url}/late`, { keepalive: false })).rejects.toThrow();

  held.resolve();
  expect(await (await slow).text()).toBe('done');
  await stopped;
});

test('a handler that throws is answered without a word', async () => {
  const { lifecycle, url } = await open(() => {
    throw new Error('secret');
  });
  const response = await fetch(url);
  expect(response.status).toBe(500);
  expect(await response.text()).toBe('');
  await lifecycle.stop('test');
});
