import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { openRawWebSocket } from '../../shared/testing/raw-web-socket.ts';
import { until } from '../../shared/testing/until.ts';
import { root } from '../../tools/stack/paths.ts';
import { createTestDirectory } from '../../tools/test-runner/test-directory.ts';
import { isLocalStack, type RunFile } from './client.ts';

// The stack of the tests has no limits: this one has, two replicas of each behind its own nginx.
const MAX_REQUESTS = 40;
const START_MS = 60_000;
const directory = createTestDirectory();
const runFile = join(directory.path, 'run.json');
const onStack = test.skipIf(!isLocalStack);
let stack: Bun.Subprocess | undefined;
let run: RunFile;
let ca: string;

beforeAll(async () => {
  if (!isLocalStack) return;
  const { PATH = '', HOME = '', XDG_CACHE_HOME } = process.env;
  stack = Bun.spawn([process.execPath, join(root, 'tools/stack/start.ts')], {
    cwd: root,
    env: {
      PATH,
      HOME,
      ...(XDG_CACHE_HOME && { XDG_CACHE_HOME }),
      NODE_ENV: 'test',
      LOG_FORMAT: 'json',
      INSIGHTDESK_DATA: directory.path,
      RATE_LIMIT_MAX_REQUESTS: `${MAX_REQUESTS}`,
      RATE_LIMIT_WINDOW_MS: '600000',
    },
    stdout: 'ignore',
    stderr: 'ignore',
  });
  const { exited } = stack;
  await Promise.race([
    until(`file ${runFile}`, () => existsSync(runFile), { timeoutMs: START_MS }),
    exited.then((code) => Promise.reject(new Error(`The stack exited with ${code}`))),
  ]);
  run = JSON.parse(readFileSync(runFile, 'utf8'));
  ca = readFileSync(run.ca, 'utf8');
}, START_MS + 5_000);

afterAll(async () => {
  stack?.kill('SIGTERM');
  await stack?.exited;
  directory.remove();
});

const ask = (method: string, path: string, { body = '', token = '' } = {}) =>
  fetch(`${run.url}${path}`, {
    method,
    headers: {
      ...(body && { 'Content-Type': 'application/json' }),
      ...(token && { Authorization: `Bearer ${token}` }),
      // Nobody chooses where he is counted.
      'X-Forwarded-For': `203.0.113.${Math.floor(Math.random() * 255)}`,
      'Fly-Client-IP': `203.0.113.${Math.floor(Math.random() * 255)}`,
    },
    ...(body && { body }),
    tls: { ca },
  });

/** Opens connections that never authenticate; `open` is the number of those that are still open. */
async function openSilently(count: number) {
  let open = 0;
  const openOne = async () => {
    const { upgraded, closed } = openRawWebSocket(run.url, { ca });
    if (!(await upgraded)) return;
    open++;
    void closed.then(() => open--);
  };
  await Promise.all(Array.from({ length: count }, openOne));
  return { open: () => open };
}

onStack('one address has one rate limit on both replicas, whatever headers it sends', async () => {
  const email = 'owner@limits.example';
  const owner = { email, password: 'correct horse battery', name: 'O', organizationName: 'L' };
  const registered = await ask('POST', '/v1/auth/register', { body: JSON.stringify(owner) });
  expect(registered.status).toBe(201);
  const { accessToken: token } = (await registered.json()) as { accessToken: string };

  const keys = Array.from({ length: 3_000 }, (_, i) => `"x${i}":1`).join(',');
  const large = await ask('POST', '/v1/auth/login', { body: `{${keys}}` });
  expect(large.status).toBe(413);

  const silent = await openSilently(300);
  // 100 on each of the replicas.
  expect(silent.open()).toBeLessThanOrEqual(200);
  const socket = io(run.url, { auth: { token }, ...({ ca } as object) });
  try {
    await until(() => silent.open(), { equals: 0 });
    if (!socket.connected) await new Promise((resolve) => socket.once('connect', resolve as never));
  } finally {
    socket.disconnect();
  }

  const asked = Array.from({ length: 100 }, () => ask('GET', '/v1/me', { token }));
  const answers = await Promise.all(asked);
  const withStatus = (status: number) => answers.filter((answer) => answer.status === status);
  expect(withStatus(200)).toHaveLength(MAX_REQUESTS - 2);
  expect(withStatus(429)).toHaveLength(100 - (MAX_REQUESTS - 2));
  const [refused] = withStatus(429);
  expect(refused?.headers.get('RateLimit')).toMatch(/^"address";r=0;t=\d+/);
  expect(refused?.headers.get('RateLimit-Policy')).toContain(`"address";q=${MAX_REQUESTS};w=600`);
  expect(Number(refused?.headers.get('Retry-After'))).toBeGreaterThan(0);
  for (const { url } of run.services.filter(({ kind }) => kind === 'api')) {
    const statuses = await (await fetch(`${url}/metrics`)).text();
    expect(statuses).toMatch(/_count\{[^}]*status="429"[^}]*\} [1-9]/);
  }
  expect((await ask('GET', '/health')).status).toBe(200);
});
