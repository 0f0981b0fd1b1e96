import { join } from 'node:path';
import { startRemoteStorage } from '@insightdesk/shared/testing';
import { until } from '../../../shared/testing/until.ts';
import { requireTools } from '../../../tools/stack/machine/toolchain.ts';
import { takePort } from '../../../tools/stack/processes/ports.ts';
import { createValkey } from '../../../tools/stack/servers/valkey.ts';
import type { startPrivateStack } from '../private-stack.ts';
import { freeze } from './freeze.ts';

type PrivateStack = Awaited<ReturnType<typeof startPrivateStack>>;
type Kind = 'api' | 'websocket' | 'worker';

/** Something that the services need, and how it goes away and comes back. */
export interface Dependency {
  name: string;
  /** Under these names services of these kinds tell that it is away. */
  reportedBy: Partial<Record<Kind, string[]>>;
  /** The kinds that are not ready without it. */
  unreadyKinds: Kind[];
  /** What may be refused meanwhile, with a 503. */
  refusedActions: string[];
  stop(): Promise<void>;
  start(): Promise<void>;
}

async function startValkey(directory: string) {
  const { valkey: tool } = await requireTools(() => {});
  const { spec, url } = createValkey({ tool, directory, port: takePort(), password: 'away' });
  spec.prepare?.();
  const child = Bun.spawn(spec.command, {
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  await until(spec.isReady, { timeoutMs: 20_000 });
  return {
    url,
    pid: child.pid,
    async close() {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}

/** What a stack is given beyond its own: Valkeys for queues and for what may be lost, and S3. */
export async function startServers(directory: string) {
  const [queue, cache, storage] = await Promise.all([
    startValkey(join(directory, 'queue')),
    startValkey(join(directory, 'cache')),
    startRemoteStorage('s3', {} as never),
  ]);
  const { config } = storage;
  if (config.provider !== 's3') throw new Error('Not S3');
  return {
    pids: { queue: queue.pid, cache: cache.pid, storage: storage.pid ?? 0 },
    overrides: {
      VALKEY_QUEUE_URL: queue.url,
      VALKEY_CACHE_URL: cache.url,
      VALKEY_SESSION_URL: cache.url,
    },
    variables: {
      STORAGE_PROVIDER: 's3',
      AWS_S3_ENDPOINT: config.endpoint ?? '',
      AWS_REGION: config.region,
      AWS_ACCESS_KEY_ID: config.accessKeyId,
      AWS_SECRET_ACCESS_KEY: config.secretAccessKey,
      AWS_S3_BUCKET: config.bucket,
    },
    close: () => Promise.all([queue.close(), cache.close(), storage.close()]),
  };
}

/** Every dependency, one after another. */
export function listDependencies(
  stack: PrivateStack,
  pids: Record<'queue' | 'cache' | 'storage', number>,
): Dependency[] {
  const own = (name: string) => () => [stack.pidOf(name) ?? 0];
  return [
    {
      name: 'PostgreSQL',
      reportedBy: { api: ['postgres'], websocket: ['postgres'], worker: ['postgres'] },
      unreadyKinds: ['api', 'websocket', 'worker'],
      refusedActions: ['post', 'read', 'upload'],
      ...frozen(own('postgres')),
    },
    {
      name: 'PostgreSQL, replaced',
      reportedBy: { api: ['postgres'], websocket: ['postgres'], worker: ['postgres'] },
      unreadyKinds: ['api', 'websocket', 'worker'],
      refusedActions: ['post', 'read', 'upload'],
      stop: () => stack.stopOne('postgres'),
      start: () => stack.startOne('postgres'),
    },
    {
      name: 'every Valkey',
      reportedBy: { api: ['valkey', 'queue', 'cache'], websocket: ['valkey'], worker: ['valkey'] },
      unreadyKinds: ['websocket', 'worker'],
      refusedActions: [],
      ...frozen(() => [...own('valkey')(), pids.queue, pids.cache]),
    },
    {
      name: 'the queues’ Valkey',
      reportedBy: { api: ['queue'], worker: ['queue'] },
      unreadyKinds: [],
      refusedActions: [],
      ...frozen(() => [pids.queue]),
    },
    {
      name: 'the cache’s Valkey',
      reportedBy: {
        api: ['cache', 'sessions'],
        websocket: ['cache', 'sessions'],
        worker: ['cache'],
      },
      unreadyKinds: [],
      refusedActions: [],
      ...frozen(() => [pids.cache]),
    },
    {
      name: 'the mail server',
      reportedBy: { worker: ['mail'] },
      unreadyKinds: [],
      refusedActions: [],
      ...frozen(own('inbox')),
    },
    {
      name: 'the storage',
      reportedBy: { api: ['storage'], worker: ['storage'] },
      unreadyKinds: [],
      refusedActions: ['upload'],
      ...frozen(() => [pids.storage]),
    },
  ];
}

/** Takes connections, and nothing ever comes. */
function frozen(pids: () => number[]): Pick<Dependency, 'stop' | 'start'> {
  let thaw = () => {};
  return {
    async stop() {
      thaw = freeze(pids());
    },
    start: async () => thaw(),
  };
}
