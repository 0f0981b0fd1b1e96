// A process that the test kills: `worker` runs jobs, `relay` enqueues the jobs of the outbox.
import { createDatabase } from '@insightdesk/shared/database';
import { createRelay } from '@insightdesk/shared/events';
import {
  createDataLossDetector,
  createParkedJobReleaser,
  createParkedJobs,
  createQueues,
  startWorkers,
  unblockOrphans,
} from '@insightdesk/shared/jobs';
import { createLogger } from '@insightdesk/shared/logging';
import { createValkey, type ValkeyOptions } from '@insightdesk/shared/valkey';
import { createHandlers, listJobs } from './catalog.ts';

const [role = '', settings = '{}'] = process.argv.slice(2);
const {
  database: databaseUrl,
  relay: relayUrl,
  valkey: valkeyUrl,
  external,
} = JSON.parse(settings);
const log = createLogger(
  { level: 'fatal', format: 'json' },
  { service: role, replica: `${role}-${process.pid}` },
);
const connect = (kind: ValkeyOptions['role'] = 'blocking') =>
  createValkey(valkeyUrl, { name: role, role: kind, onError: () => {} });
const valkey = connect();
const database = createDatabase({
  url: databaseUrl,
  relayUrl,
  readers: 1,
  writers: 4,
  timeoutMs: 20_000,
  slowQueryMs: 60_000,
});
const parkedJobs = createParkedJobs(database);
/** Small, so that most jobs are parked. */
const quotaOf = () => ({ jobs: 60, bytes: 100_000_000 });
const queues = createQueues(valkey, 'jobs', { quotaOf, parkedJobs });

/** Shorter than the 30 s of the product, because processes are killed earlier. */
const WATCHDOG_MS = 3_000;

async function work() {
  await startWorkers({
    handlers: createHandlers({
      async callExternal(key, { id }, limit = '') {
        const headers = { 'idempotency-key': key, 'x-job': id, 'x-limit': limit };
        const response = await fetch(external, { method: 'POST', headers });
        return response.json();
      },
    }),
    queues,
    valkey,
    connect,
    log,
    subscriber: connect('subscriber'),
    inTenant: (tenantId, run) => database.write({ tenantId }, run),
    concurrency: 8,
  });
  setInterval(() => void unblockOrphans(valkey).catch(() => {}), WATCHDOG_MS);
}

function lead() {
  const lossDetector = createDataLossDetector(valkey);
  const relay = createRelay({
    url: relayUrl,
    log,
    electionMs: 200,
    async prepare(recent) {
      const since = await lossDetector.lostSince().catch(() => undefined);
      if (!since) return;
      await parkedJobs.parkAgain(since);
      const seconds = Math.min(600, (Date.now() - since.getTime()) / 1_000);
      for await (const events of recent({ limit: 10_000, seconds: Math.ceil(seconds) })) {
        await queues.enqueue(events.flatMap(listJobs));
      }
      await lossDetector.mark();
    },
    async dispatch(events) {
      await queues.enqueue(events.flatMap(listJobs));
      await lossDetector.mark();
      return events.map(() => ({}));
    },
  });
  relay.start();
  const isLeader = () => relay.isLeader;
  createParkedJobReleaser({
    valkey,
    queues,
    parkedJobs,
    quotaOf,
    isLeader,
    log,
    reconcileMs: WATCHDOG_MS,
  }).start();
}

if (role === 'worker') await work();
else lead();
