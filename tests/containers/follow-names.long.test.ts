import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import { readFileSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { until } from '../../shared/testing/until.ts';
import { root } from '../../tools/stack/paths.ts';
import { type ServerName, serverNames, startTestNginx } from '../nginx/start-test-nginx.ts';

const hasPrograms = ['curl', 'getent'].every((program) => Bun.which(program));
const WAIT_TIMEOUT_MS = 50_000;
const TEST_TIMEOUT_MS = 170_000;
const hanging = new Set<ServerName>();
const pending: ServerResponse[] = [];
const requested: ServerName[] = [];
/** The number of 503 responses to readiness checks; undefined while servers are ready. */
let unreadyResponses: number | undefined;
let edge: Awaited<ReturnType<typeof startTestNginx>>;
let follower: Bun.Subprocess;

beforeAll(async () => {
  edge = await startTestNginx({ RATE_LIMIT_MAX_REQUESTS: '0' }, (name, request, response) => {
    if (request.url !== '/health/ready') requested.push(name);
    else if (unreadyResponses !== undefined) {
      unreadyResponses++;
      response.statusCode = 503;
    }
    if (hanging.has(name)) pending.push(response);
    else response.end(name);
  });
  const script = join(root, 'deploy/containers/follow-names.sh');
  follower = Bun.spawn(['sh', '-c', `. ${script}; wait`], {
    env: {
      ...process.env,
      ...edge.site,
      RENDER: join(root, 'nginx/render.sh'),
      NGINX_RELOAD: edge.reload,
      FOLLOW_SECONDS: '0.1',
      // Longer than a healthy server needs to respond on a busy machine.
      UNHEALTHY_SECONDS: '4',
      ASK_SECONDS: '4',
    },
    stdio: ['ignore', 'ignore', 'ignore'],
    detached: true,
  });
});
afterEach(() => hanging.clear());
afterAll(async () => {
  process.kill(-follower.pid, 'SIGKILL');
  await follower.exited;
  for (const response of pending) response.end();
  await edge.close();
});

/** Whether the site lists the server as a primary one, not as a backup. */
const isPrimary = (name: ServerName) => {
  const site = readFileSync(edge.site.OUTPUT ?? '', 'utf8');
  return new RegExp(
    `server 127\\.0\\.0\\.1:${edge.ports[name]} max_fails=\\d[^;]*(?<!backup);`,
  ).exec(site.replace(/upstream websocket_\d \{[^}]*\}/g, ''));
};
const respondingServer = async (path = '/', waitMs = 20_000) => {
  const init = { keepalive: false, signal: AbortSignal.timeout(waitMs) };
  return (await edge.request(path, init)).text();
};

/** Waits until nginx uses the new site: before, every second socket goes to the first replica. */
async function untilReloaded() {
  for (let consecutive = 0; consecutive < 4; ) {
    const name = await respondingServer('/socket.io/', 1_000).catch(() => undefined);
    consecutive = name === 'websocket-2' ? consecutive + 1 : 0;
  }
}

test.skipIf(!hasPrograms)(
  'an upstream that does not respond becomes a backup until it is healthy',
  async () => {
    for (const name of ['api-1', 'websocket-1'] as const) hanging.add(name);
    await until(() => !isPrimary('api-1') && !isPrimary('websocket-1'), {
      timeoutMs: WAIT_TIMEOUT_MS,
    });
    expect(isPrimary('api-2') && isPrimary('websocket-2')).toBeTruthy();
    await untilReloaded();
    requested.length = 0;
    for (let i = 0; i < 10; i++)
      expect([await respondingServer(), await respondingServer('/socket.io/')]).toEqual([
        'api-2',
        'websocket-2',
      ]);
    expect(new Set(requested)).toEqual(new Set<ServerName>(['api-2', 'websocket-2']));

    hanging.clear();
    // Backups receive requests when no other server is available.
    await Promise.all([edge.stop('api-2'), edge.stop('websocket-2')]);
    expect([await respondingServer(), await respondingServer('/socket.io/')]).toEqual([
      'api-1',
      'websocket-1',
    ]);
    await Promise.all([edge.listen('api-2'), edge.listen('websocket-2')]);
    await until(() => serverNames.every(isPrimary), { timeoutMs: WAIT_TIMEOUT_MS });
  },
  TEST_TIMEOUT_MS,
);

test.skipIf(!hasPrograms)(
  'all upstreams receive requests when all are unhealthy',
  async () => {
    const writtenAt = () => statSync(edge.site.OUTPUT ?? '').mtimeMs;
    const before = writtenAt();
    unreadyResponses = 0;
    await until(() => writtenAt() > before && unreadyResponses && unreadyResponses > 20, {
      timeoutMs: WAIT_TIMEOUT_MS,
    });
    await until(() => serverNames.every(isPrimary), { timeoutMs: WAIT_TIMEOUT_MS });
    expect(await respondingServer()).toStartWith('api-');
  },
  TEST_TIMEOUT_MS,
);
