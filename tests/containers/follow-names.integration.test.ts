import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import { readFileSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { until } from '../../shared/testing/until.ts';
import { root } from '../../tools/stack/paths.ts';
import { type ServerName, serverNames, startTestNginx } from '../nginx/start-test-nginx.ts';

const isPossible = ['curl', 'getent'].every((program) => Bun.which(program));
const WAIT_TIMEOUT_MS = 50_000;
const TEST_TIMEOUT_MS = 170_000;
const stuck = new Set<ServerName>();
const pending: ServerResponse[] = [];
const asked: ServerName[] = [];
/** How often it was said, once it is. */
let unready: number | undefined;
let edge: Awaited<ReturnType<typeof startTestNginx>>;
let follower: Bun.Subprocess;

beforeAll(async () => {
  edge = await startTestNginx({ RATE_LIMIT_MAX_REQUESTS: '0' }, (name, request, response) => {
    if (request.url !== '/health/ready') asked.push(name);
    else if (unready !== undefined) {
      unready++;
      response.statusCode = 503;
    }
    if (stuck.has(name)) pending.push(response);
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
      // Longer than a busy machine keeps a well server from answering.
      UNHEALTHY_SECONDS: '4',
      ASK_SECONDS: '4',
    },
    stdio: ['ignore', 'ignore', 'ignore'],
    detached: true,
  });
});
afterEach(() => stuck.clear());
afterAll(async () => {
  process.kill(-follower.pid, 'SIGKILL');
  await follower.exited;
  for (const response of pending) response.end();
  await edge.close();
});

/** Whether the site says that somebody is asked before anybody else. */
const isFirst = (name: ServerName) => {
  const site = readFileSync(edge.site.OUTPUT ?? '', 'utf8');
  return new RegExp(
    `server 127\\.0\\.0\\.1:${edge.ports[name]} max_fails=\\d[^;]*(?<!backup);`,
  ).exec(site.replace(/upstream websocket_\d \{[^}]*\}/g, ''));
};
const who = async (path = '/', waitMs = 20_000) => {
  const soon = { keepalive: false, signal: AbortSignal.timeout(waitMs) };
  return (await edge.request(path, soon)).text();
};

/** Until nginx has taken what was written: before, every other new socket goes to the first. */
async function untilTaken() {
  for (let running = 0; running < 4; ) {
    const name = await who('/socket.io/', 1_000).catch(() => undefined);
    running = name === 'websocket-2' ? running + 1 : 0;
  }
}

test.skipIf(!isPossible)(
  'an upstream that answers no request becomes the last choice until it is healthy',
  async () => {
    for (const name of ['api-1', 'websocket-1'] as const) stuck.add(name);
    await until(() => !isFirst('api-1') && !isFirst('websocket-1'), { timeoutMs: WAIT_TIMEOUT_MS });
    expect(isFirst('api-2') && isFirst('websocket-2')).toBeTruthy();
    await untilTaken();
    asked.length = 0;
    for (let i = 0; i < 10; i++)
      expect([await who(), await who('/socket.io/')]).toEqual(['api-2', 'websocket-2']);
    expect(new Set(asked)).toEqual(new Set<ServerName>(['api-2', 'websocket-2']));

    stuck.clear();
    // Well, but not yet told so: better than nobody.
    await Promise.all([edge.stop('api-2'), edge.stop('websocket-2')]);
    expect([await who(), await who('/socket.io/')]).toEqual(['api-1', 'websocket-1']);
    await Promise.all([edge.listen('api-2'), edge.listen('websocket-2')]);
    await until(() => serverNames.every(isFirst), { timeoutMs: WAIT_TIMEOUT_MS });
  },
  TEST_TIMEOUT_MS,
);

test.skipIf(!isPossible)(
  'all upstreams receive requests when all are unhealthy',
  async () => {
    const writtenAt = () => statSync(edge.site.OUTPUT ?? '').mtimeMs;
    const before = writtenAt();
    unready = 0;
    await until(() => writtenAt() > before && unready && unready > 20, {
      timeoutMs: WAIT_TIMEOUT_MS,
    });
    await until(() => serverNames.every(isFirst), { timeoutMs: WAIT_TIMEOUT_MS });
    expect(await who()).toStartWith('api-');
  },
  TEST_TIMEOUT_MS,
);
