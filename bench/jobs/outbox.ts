import { toUuid } from '@insightdesk/shared/contract';
import { connect, createDatabase } from '@insightdesk/shared/database';
import { createRelay, defineEvent, record } from '@insightdesk/shared/events';
import { jobFor, type Queues } from '@insightdesk/shared/jobs';
import { createLogger } from '@insightdesk/shared/logging';
import { createTestDatabase, testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { benchJob } from './contender.ts';

const jobRequested = defineEvent('bench.requested', benchJob.payload);

/** A test database with a relay that enqueues a job for each recorded event. */
export async function createBenchOutbox(postgres: string, queues: Queues) {
  const urlAs = (role: string) => `${postgres}?role=${role}`;
  Object.assign(testEnvironment, {
    adminUrl: postgres,
    migrationUrl: urlAs('insightdesk_owner'),
    databaseUrl: urlAs('insightdesk_app'),
    relayUrl: urlAs('insightdesk_relay'),
    identityUrl: urlAs('insightdesk_identity'),
  });
  const base = await createTestDatabase();
  const tenantId = newId('org');
  const admin = connect(base.adminUrl, { timeoutMs: 30_000 });
  await admin`insert into organizations (id, name) values (${toUuid(tenantId)}, 'Bench')`;
  await admin.end();
  const database = createDatabase({
    url: base.url,
    readers: 1,
    writers: 1,
    timeoutMs: 30_000,
    slowQueryMs: 30_000,
  });
  const relay = createRelay({
    url: base.relayUrl,
    log: createLogger({ level: 'silent', format: 'json' }, { service: 'bench', replica: '1' }),
    async dispatch(events) {
      await queues.enqueue(
        events.map((event) => jobFor(event, benchJob, benchJob.payload.parse(event.payload))),
      );
      return events.map(() => ({}));
    },
  });
  relay.start();
  return {
    /** Commits an event that causes one job. Returns the time when COMMIT was sent. */
    recordEvent: (label: string) =>
      database.write({ tenantId }, async (tx) => {
        const payload = { label, conversationId: 'cnv_01aaaaaaaaaaaaaaaaaaaaaaaa', body: 'Yes.' };
        await record({ tx, tenantId, requestId: 'bench' }, jobRequested, payload);
        return performance.now();
      }),
    async close() {
      await relay.stop();
      await database.close();
      await base.drop();
    },
  };
}
