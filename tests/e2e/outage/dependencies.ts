import { startS3Server } from '@insightdesk/shared/testing';
import type { startPrivateStack } from '../private-stack.ts';
import { freeze } from './freeze.ts';
import { startValkey } from './restarting-process.ts';

type PrivateStack = Awaited<ReturnType<typeof startPrivateStack>>;
type Kind = 'api' | 'websocket' | 'worker';

/** A dependency of the services, which can be stopped and started. */
export interface Dependency {
  name: string;
  /** Names of its health checks, by kind of service. */
  reportedBy: Partial<Record<Kind, string[]>>;
  /** Kinds of services that are not ready without it. */
  unreadyKinds: Kind[];
  /** Actions that may get a 503 during its outage. */
  refusedActions: string[];
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Starts servers beside a stack: Valkeys for queues and cache, and S3. */
export async function startServers() {
  const [queue, cache, storage] = await Promise.all([
    startValkey(),
    startValkey(),
    startS3Server(),
  ]);
  const { options } = storage;
  return {
    pids: { queue: queue.pid(), cache: cache.pid(), storage: storage.pid },
    storage,
    overrides: {
      VALKEY_QUEUE_URL: queue.url,
      VALKEY_CACHE_URL: cache.url,
      VALKEY_SESSION_URL: cache.url,
    },
    variables: {
      STORAGE_PROVIDER: 's3',
      AWS_S3_ENDPOINT: options.endpoint,
      AWS_REGION: options.region,
      AWS_ACCESS_KEY_ID: options.accessKeyId,
      AWS_SECRET_ACCESS_KEY: options.secretAccessKey,
      AWS_S3_BUCKET: options.bucket,
    },
    close: () => Promise.all([queue.stop(), cache.stop(), storage.close()]),
  };
}

/** All dependencies in the order of their outages. */
export function listDependencies(
  stack: PrivateStack,
  { pids, storage }: Awaited<ReturnType<typeof startServers>>,
): Dependency[] {
  const stackPid = (name: string) => () => [stack.pidOf(name) ?? 0];
  return [
    {
      name: 'PostgreSQL',
      reportedBy: { api: ['postgres'], websocket: ['postgres'], worker: ['postgres'] },
      unreadyKinds: ['api', 'websocket', 'worker'],
      refusedActions: ['post', 'read', 'upload'],
      ...frozen(stackPid('postgres')),
    },
    {
      name: 'PostgreSQL, restarted',
      reportedBy: { api: ['postgres'], websocket: ['postgres'], worker: ['postgres'] },
      unreadyKinds: ['api', 'websocket', 'worker'],
      refusedActions: ['post', 'read', 'upload'],
      stop: () => stack.stopOne('postgres'),
      start: () => stack.startOne('postgres'),
    },
    {
      name: 'all Valkeys',
      reportedBy: { api: ['valkey', 'queue', 'cache'], websocket: ['valkey'], worker: ['valkey'] },
      unreadyKinds: ['websocket', 'worker'],
      refusedActions: [],
      ...frozen(() => [...stackPid('valkey')(), pids.queue, pids.cache]),
    },
    {
      name: 'Valkey of the queues',
      reportedBy: { api: ['queue'], worker: ['queue'] },
      unreadyKinds: [],
      refusedActions: [],
      ...frozen(() => [pids.queue]),
    },
    {
      name: 'Valkey of the cache',
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
      ...frozen(stackPid('inbox')),
    },
    {
      name: 'the storage',
      reportedBy: { api: ['storage'], worker: ['storage'] },
      unreadyKinds: [],
      refusedActions: ['upload'],
      ...frozen(() => [pids.storage]),
    },
    {
      name: 'the storage, killed',
      reportedBy: { api: ['storage'], worker: ['storage'] },
      unreadyKinds: [],
      refusedActions: ['upload'],
      stop: storage.kill,
      start: storage.restart,
    },
  ];
}

/** Stops processes with SIGSTOP: they accept connections without responding. */
function frozen(pids: () => number[]): Pick<Dependency, 'stop' | 'start'> {
  let thaw = () => {};
  return {
    async stop() {
      thaw = freeze(pids());
    },
    start: async () => thaw(),
  };
}
