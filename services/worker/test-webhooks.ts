import { eraseTraces } from '@insightdesk/shared/boot';
import type { Context } from '@insightdesk/shared/context';
import { connect } from '@insightdesk/shared/database';
import { deliverLane, openWebhookOutlet } from '@insightdesk/shared/domain/integrations/webhooks';
import { openAuditOutlet } from '@insightdesk/shared/domain/tenancy/audit';
import { createRelay } from '@insightdesk/shared/events';
import { createLossWatch, createQueues, startWorkers } from '@insightdesk/shared/jobs';
import { createChannelLog } from '@insightdesk/shared/realtime';
import { createSafeFetch } from '@insightdesk/shared/security';
import { createTestContext, createTestDatabase } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createDispatch } from './dispatch.ts';
import { jobHandlers } from './jobs.ts';
import { effectsOf } from './reactions.ts';

/** Retries as in real life, only sooner. */
const delays = [100, 200, 300, 400];

/** A worker with its relay on a database and queues of its own. Close it after the tests. */
export async function openWorker() {
  const server = await createTestDatabase();
  const stage = createTestContext(server.url);
  const { database } = stage.context;
  const context: Context = {
    ...stage.context,
    security: {
      ...stage.context.security,
      outbound: createSafeFetch({ allowPrivate: true, timeoutMs: 2_000 }),
    },
  };
  const closing: (() => unknown)[] = [];
  const openValkey = () => {
    const valkey = stage.parts.connectValkey('queue', 'blocking', 'test-webhooks');
    closing.push(() => valkey.disconnect());
    return valkey;
  };
  const valkey = openValkey();
  const prefix = `test-${newId('evt')}`;
  const queues = createQueues(valkey, prefix);
  closing.push(() => queues.close());
  context.traces = openTraces({ connect: stage.parts.connectValkey, queues, prefix });
  const { webhooks, audit } = openOutlets(server.relayUrl, closing);
  const channelLog = createChannelLog(valkey, { historyLength: 1000, historySeconds: 60 });
  const dispatch = createDispatch(effectsOf, {
    channelLog,
    queues,
    webhooks,
    audit,
    cache: context.cache,
    jobs: createLossWatch(valkey, prefix),
  });
  const relay = createRelay({
    url: server.relayUrl,
    log: stage.log,
    dispatch,
    pollMs: 50,
    electionMs: 50,
  });
  relay.start();
  closing.push(() => relay.stop());
  const handlers = jobHandlers(context);
  const workers = await startWorkers({
    queues,
    valkey,
    prefix,
    log: stage.log,
    connect: openValkey,
    subscriber: openValkey(),
    concurrency: 4,
    inTenant: (tenantId, work) => database.write({ tenantId }, work),
    handlers: {
      ...handlers,
      'webhooks.deliver': {
        ...handlers['webhooks.deliver'],
        run: (payload, run) =>
          deliverLane({ ...context, actor: system, tenantId: run.tenantId }, payload, run, delays),
      },
    },
  });
  closing.push(() => workers.close());
  const admin = connect(server.adminUrl, { timeoutMs: 5_000 });

  return {
    context,
    admin,
    queues,
    relay,
    webhooks,
    dispatch,
    channelLog,
    valkey,
    mailer: stage.mailer,
    ...server,
    flush: () => stage.parts.meter.flush(),
    async close() {
      for (const end of closing.toReversed()) await end();
      await admin.end();
      await stage.close();
      await server.drop();
    },
  };
}

const openTraces = (places: Parameters<typeof eraseTraces>[0]): Context['traces'] => ({
  erase: (tenantId) => eraseTraces(places, tenantId),
});

function openOutlets(url: string, closing: (() => unknown)[]) {
  const webhooks = openWebhookOutlet(url);
  const audit = openAuditOutlet(url);
  closing.push(
    () => webhooks.close(),
    () => audit.close(),
  );
  return { webhooks, audit };
}

const system = { kind: 'system', name: 'worker' } as const;

/** Somebody's server: answers as it is told and remembers what came. */
export function openReceiver() {
  const received: { id: string; type: string; data: unknown; body: string; headers: Headers }[] =
    [];
  let answer: (type: string, times: number) => Response = () => new Response('ok');
  const times = new Map<string, number>();
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const body = await request.text();
      const id = request.headers.get('webhook-id') ?? '';
      const { type, data } = JSON.parse(body) as { type: string; data: unknown };
      times.set(id, (times.get(id) ?? 0) + 1);
      const response = answer(type, times.get(id) as number);
      received.push({ id, type, data, body, headers: request.headers });
      return response;
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/hooks`,
    received,
    answerWith(next: typeof answer) {
      answer = next;
    },
    close: () => server.stop(true),
  };
}
