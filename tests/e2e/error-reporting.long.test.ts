import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@insightdesk/shared/database';
import { type ReceivedEvent, startErrorReceiver } from '@insightdesk/shared/sentry';
import { createTestDatabase, startTcpServer, testEnvironment } from '@insightdesk/shared/testing';
import { io } from 'socket.io-client';
import { until } from '../../shared/testing/until.ts';
import {
  createServiceProcesses,
  registerAt,
  type ServiceKind,
  type ServiceProcess,
  untilServiceReady,
} from './service-processes.ts';

const directory = mkdtempSync(join(tmpdir(), 'reported-errors-'));
const PASSWORD = 'a long enough password';
const EMAIL = 'ann@reported.example';

/** A log transport for errors, which throws an uncaught error at one of them. */
const transport = join(directory, 'transport.ts');
writeFileSync(
  transport,
  `import { appendFileSync } from 'node:fs';
   export default ({ replica }) => ({
     level: 'error',
     write(line) {
       appendFileSync(${JSON.stringify(directory)} + '/' + replica + '.custom', line);
       if (line.includes('webhooks\\\\" does not exist')) setTimeout(() => { throw new Error('uncaught by the transport'); });
     },
   });`,
);

let mailServer: Awaited<ReturnType<typeof startTcpServer>>;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
const processes = createServiceProcesses(directory);
const receivers: ReturnType<typeof startErrorReceiver>[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  mailServer = await startTcpServer((socket) => void socket.write('554 no emails\r\n'));
});
afterAll(async () => {
  await processes.stop();
  await database.drop();
  await mailServer.close();
  for (const receiver of receivers) await receiver.stop();
  rmSync(directory, { recursive: true });
});

type Receiver = ReturnType<typeof startErrorReceiver>;
const findEvent = ({ received }: Receiver, isMatch: (event: ReceivedEvent['event']) => boolean) =>
  until('an event', () => received.find(({ event }) => isMatch(event)));

function startReceiver(respond?: Parameters<typeof startErrorReceiver>[0]) {
  const receiver = startErrorReceiver(respond);
  receivers.push(receiver);
  return receiver;
}

const valkeyUrl = () => Object.assign(new URL(testEnvironment.valkeyUrl), { pathname: '/11' }).href;

const start = (kind: ServiceKind, replica: string, dsn: string) =>
  processes.start(
    {
      ...testEnvironment.variables,
      REPLICA: replica,
      LOG_LEVEL: 'info',
      FEATURE_ANALYTICS_ENABLED: 'true',
      DATABASE_URL: database.url,
      DATABASE_RELAY_URL: database.relayUrl,
      DATABASE_IDENTITY_URL: database.identityUrl,
      VALKEY_URL: valkeyUrl(),
      VALKEY_CACHE_URL: '',
      VALKEY_QUEUE_URL: '',
      VALKEY_SESSION_URL: '',
      // It refuses every email, so that their jobs fail.
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(mailServer.port),
      SENTRY_DSN: dsn,
      SENTRY_RELEASE: 'insightdesk@9.9.9',
      LOG_FILE_DIRECTORY: join(directory, 'logs'),
      LOG_TRANSPORTS: transport,
    },
    { kind },
  );

const get = ({ url }: ServiceProcess, token: string, path: string) =>
  fetch(`${url}${path}`, {
    headers: { Authorization: `Bearer ${token}`, 'X-Request-Id': 'reported-1' },
  });

/** Renames a table while `work` runs. */
async function withoutTable<T>(table: string, work: () => Promise<T>): Promise<T> {
  const admin = connect(database.adminUrl, { timeoutMs: 5_000 });
  try {
    await admin.unsafe(`alter table ${table} rename to ${table}_renamed`);
    return await work();
  } finally {
    await admin.unsafe(`alter table ${table}_renamed rename to ${table}`);
    await admin.end();
  }
}

const linesOf = (replica: string) =>
  readFileSync(join(directory, 'logs', `${replica}.log`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('error reporting of every service', () => {
  const receiver = startReceiver();
  let api: ServiceProcess;
  let websocket: ServiceProcess;
  let worker: ServiceProcess;
  let ann: Awaited<ReturnType<typeof registerAt>>;
  beforeAll(async () => {
    api = start('api', 'api-7', receiver.dsn);
    websocket = start('websocket', 'websocket-7', receiver.dsn);
    worker = start('worker', 'worker-7', receiver.dsn);
    await Promise.all([api, websocket, worker].map((service) => untilServiceReady(service)));
    ann = await registerAt(api, EMAIL, PASSWORD);
  });

  test('a failed request is reported once with route, tenant and user', async () => {
    const response = await withoutTable('conversations', () =>
      get(api, ann.accessToken, '/v1/conversations?q=hunter2'),
    );
    expect(response.status).toBe(500);
    const { event } = await findEvent(receiver, ({ tags }) => tags?.requestId === 'reported-1');
    expect(event).toMatchObject({
      level: 'error',
      release: 'insightdesk@9.9.9',
      environment: testEnvironment.variables.NODE_ENV ?? 'development',
      server_name: 'api-7',
      tags: { service: 'api', tenantId: ann.organization.id, replica: 'api-7' },
      user: { id: ann.user.id },
      contexts: { details: { method: 'GET', route: '/v1/conversations', status: 500 } },
    });
    expect(JSON.stringify(event.exception)).toContain('conversations');
  });

  test('a failed socket call is reported once with tenant and user', async () => {
    const socket = io(websocket.url, {
      transports: ['websocket'],
      auth: { token: ann.accessToken },
    });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.on('connect', resolve);
        socket.on('connect_error', reject);
      });
      const channel = 'private-conversation-cnv_01h455vb4pex5vsknk084sn02q';
      const response = await withoutTable('conversations', () =>
        socket.timeout(10_000).emitWithAck('subscribe', { channel }),
      );
      expect(response).toMatchObject({ ok: false, error: { status: 500 } });
      const { event } = await findEvent(
        receiver,
        ({ tags }) => tags?.requestId === response.error.requestId,
      );
      expect(event).toMatchObject({
        tags: { service: 'websocket', tenantId: ann.organization.id },
        user: { id: ann.user.id },
        contexts: { details: { message: 'realtime: subscribe failed' } },
      });
    } finally {
      socket.disconnect();
    }
  });

  test('a failed job is reported with its name and tenant', async () => {
    const { event } = await findEvent(
      receiver,
      ({ tags, contexts }) =>
        tags?.service === 'worker' && contexts?.details?.message === 'jobs: job failed',
    );
    expect(event).toMatchObject({
      tags: { tenantId: ann.organization.id, job: expect.any(String) },
      contexts: { details: { attempt: 1, jobName: expect.any(String) } },
    });
  });

  test('a failed event dispatch is reported with its cause', async () => {
    const admin = connect(database.adminUrl, { timeoutMs: 5_000 });
    await admin.unsafe(`
      insert into outbox (tenant_id, event_id, name, payload, request_id)
      select tenant_id, gen_random_uuid(), 'no.such', '{}', 'reported-2' from outbox limit 1`);
    await admin.unsafe('notify outbox');
    await admin.end();
    const { event } = await findEvent(
      receiver,
      ({ contexts }) => contexts?.details?.message === 'relay: event dead-lettered',
    );
    expect(event.exception?.values.map(({ value }) => value)).toEqual([
      'Unknown event no.such',
      'The effects of the event could not be computed',
    ]);
  });

  test('each service logs to its own file, also settings without effect, and errors reach the custom transport', async () => {
    for (const replica of ['api-7', 'websocket-7', 'worker-7']) {
      const lines = linesOf(replica);
      const messages = lines.map(({ msg }) => `${msg}`);
      expect(messages).toContain('service: ready');
      const unused = 'config: FEATURE_ANALYTICS_ENABLED is set but unused because';
      expect(messages.some((message) => message.startsWith(unused))).toBe(true);
      expect(lines.every((line) => line.replica === replica)).toBe(true);
      const custom = join(directory, `${replica}.custom`);
      await until(`file ${custom}`, () => existsSync(custom));
      expect(readFileSync(custom, 'utf8')).toContain('"level":"error"');
    }
  });

  test('each error is reported once and contains no secret', async () => {
    const missing = (service: string) =>
      receiver.received.filter(
        ({ event, text }) =>
          event.tags?.service === service && text.includes('\\"conversations\\" does not exist'),
      );
    expect(missing('api')).toHaveLength(1);
    expect(missing('websocket')).toHaveLength(1);
    const reported = receiver.received.map(({ text }) => text).join();
    for (const secret of [
      PASSWORD,
      EMAIL,
      'hunter2',
      ann.accessToken,
      new URL(database.url).password,
    ]) {
      expect(reported).not.toContain(secret);
    }
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    expect(metrics).toMatch(/error_reports_total\{outcome="accepted".*\} [1-9]/);
  });

  test('an uncaught error is reported before the process ends', async () => {
    const response = await withoutTable('webhooks', () =>
      get(api, ann.accessToken, '/v1/webhooks'),
    );
    expect(response.status).toBe(500);
    const { event } = await findEvent(receiver, ({ level }) => level === 'fatal');
    expect(event).toMatchObject({
      server_name: 'api-7',
      exception: {
        values: [{ value: 'uncaught by the transport', mechanism: { handled: false } }],
      },
    });
    expect(await api.child.exited).toBe(1);
  });
});

test('a service refuses to start with a log transport that cannot be loaded', async () => {
  rmSync(transport);
  const { child } = start('api', 'api-9', '');
  expect(await child.exited).toBe(78);
  expect(await new Response(child.stderr).text()).toContain(`LOG_TRANSPORTS: ${transport}`);
});
