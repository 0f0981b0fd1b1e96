import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as dial } from 'node:tls';
import { io } from 'socket.io-client';
import { root } from '../../tools/stack/paths.ts';
import { createTestDirectory } from '../../tools/test-runner/test-directory.ts';
import { isLocalStack, type Run } from './client.ts';

// The stack of the tests has no limits: this one has, two replicas of each behind its own nginx.
const MAX_REQUESTS = 40;
const START_MS = 60_000;
const directory = createTestDirectory();
const runFile = join(directory.path, 'run.json');
const onStack = test.skipIf(!isLocalStack);
let stack: Bun.Subprocess | undefined;
let run: Run;
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
  const deadline = performance.now() + START_MS;
  while (!existsSync(runFile)) {
    if (stack.exitCode !== null || performance.now() > deadline) throw new Error('No stack');
    await Bun.sleep(50);
  }
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

/** How many connections of one address are open that never say who they are. */
async function comeSilently(count: number) {
  let open = 0;
  const { port } = new URL(run.url);
  const lines = [
    ...['GET /socket.io/?EIO=4&transport=websocket HTTP/1.1', `Host: localhost:${port}`],
    ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '\r\n'],
  ];
  const comeOne = () =>
    new Promise<void>((resolve) => {
      let isOpen = false;
      const socket = dial({ host: '127.0.0.1', port: Number(port), ca, servername: 'localhost' });
      socket.once('data', (bytes: Buffer) => {
        isOpen = String(bytes).includes(' 101 ');
        if (isOpen) open++;
        resolve();
      });
      socket.on('error', () => {});
      socket.once('close', () => {
        if (isOpen) open--;
        resolve();
      });
      socket.write(lines.join('\r\n'));
    });
  await Promise.all(Array.from({ length: count }, comeOne));
  return { open: () => open };
}

onStack(
  'one address has one limit on both replicas, whatever it sends and says of itself',
  async () => {
    const email = 'owner@limits.example';
    const owner = { email, password: 'correct horse battery', name: 'O', organizationName: 'L' };
    const registered = await ask('POST', '/v1/auth/register', { body: JSON.stringify(owner) });
    expect(registered.status).toBe(201);
    const { accessToken: token } = (await registered.json()) as { accessToken: string };

    const keys = Array.from({ length: 3_000 }, (_, i) => `"x${i}":1`).join(',');
    const large = await ask('POST', '/v1/auth/login', { body: `{${keys}}` });
    expect(large.status).toBe(413);

    const silent = await comeSilently(300);
    // 100 on each of the replicas.
    expect(silent.open()).toBeLessThanOrEqual(200);
    const socket = io(run.url, { auth: { token }, ...({ ca } as object) });
    try {
      while (silent.open() > 0) await Bun.sleep(50);
      if (!socket.connected)
        await new Promise((resolve) => socket.once('connect', resolve as never));
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
      const figures = await (await fetch(`${url}/metrics`)).text();
      expect(figures).toMatch(/_count\{[^}]*status="429"[^}]*\} [1-9]/);
    }
    expect((await ask('GET', '/health')).status).toBe(200);
  },
);
