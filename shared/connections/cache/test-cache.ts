import { createServer, connect as dial, type Socket } from 'node:net';
import { testEnvironment } from '@insightdesk/shared/testing';
import { createValkey, type ValkeyOptions } from '@insightdesk/shared/valkey';
import { type CacheOptions, createCache } from './create-cache.ts';

/** A cache as one process has it; several of them are several processes to each other. */
export function createTestCache({
  url = testEnvironment.valkeyUrl,
  ...options
}: Partial<CacheOptions> & { url?: string } = {}) {
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const connect = (role: ValkeyOptions['role']) =>
    createValkey(url, { name: 'test', role, onError });
  const valkey = connect('command');
  const subscriber = connect('subscriber');
  const cache = createCache({ valkey, subscriber, onError, ...options });
  const waitUntilReady = async () => {
    while (subscriber.status !== 'ready' || valkey.status !== 'ready') await Bun.sleep(5);
    await subscriber.subscribe('cache-invalidations');
  };
  const close = () => {
    valkey.disconnect();
    subscriber.disconnect();
  };
  return { cache, valkey, errors, waitUntilReady, close };
}

/** A TCP proxy to Valkey that can be cut (connections break, none is accepted) or fall silent. */
export async function startProxy() {
  const { hostname, port } = new URL(testEnvironment.valkeyUrl);
  const sockets = new Set<Socket>();
  const delayed: (() => void)[] = [];
  let state: 'open' | 'cut' | 'silent' = 'open';
  const server = createServer((client) => {
    const target = dial(Number(port || 6379), hostname);
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.on('data', (bytes) => {
        if (state === 'silent') delayed.push(() => to.write(bytes));
        else to.write(bytes);
      });
    }
    if (state === 'cut') client.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const proxyPort = typeof address === 'object' && address ? address.port : 0;
  const url = Object.assign(new URL(testEnvironment.valkeyUrl.replace(/^\w+:/, 'http:')), {
    host: `127.0.0.1:${proxyPort}`,
  }).href.replace(/^http:/, 'valkey:');
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url,
    set(next: typeof state) {
      state = next;
      if (next === 'cut') destroyAll();
      for (const send of delayed.splice(0)) send();
    },
    close() {
      server.close();
      destroyAll();
    },
  };
}
