import { afterAll, test as baseTest, expect } from 'bun:test';
import { runDesk } from '../../services/cli/test-command.ts';
import { bySize } from '../../shared/testing/tier.ts';
import { until } from '../../shared/testing/until.ts';
import {
  call,
  createOrganization,
  isLocalStack,
  type Listener,
  listen,
  password,
  run,
} from './client.ts';

const ROTATIONS = bySize(1, 2);
const sockets: Listener[] = [];
afterAll(() => {
  for (const listener of sockets) listener.close();
});

// Only a local stack allows `desk` and direct requests to replicas.
const test = baseTest.skipIf(!isLocalStack);
const apis = run.services.filter(({ kind }) => kind === 'api');
const kidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;

test('key rotations under load end no session and close no socket', async () => {
  const { owner, agent } = await createOrganization();
  for (const replica of ['1', '2']) sockets.push(await listen(agent.token, { replica }));
  const refused: unknown[] = [];
  let isOver = false;
  const tokens = [owner.token];
  /** Requests each replica with a random token. */
  const requestContinuously = async () => {
    while (!isOver) {
      for (const { url } of apis) {
        const token = tokens[Math.floor(Math.random() * tokens.length)] ?? '';
        const { status, body } = await call('GET', `${url}/v1/me`, { token });
        if (status !== 200) refused.push(body);
      }
    }
  };
  /** Refreshes one session repeatedly, alternating between replicas. */
  const refreshContinuously = async () => {
    let { refreshToken } = owner;
    for (let n = 0; !isOver; n++) {
      const url = apis[n % apis.length]?.url ?? run.url;
      const response = await call('POST', `${url}/v1/auth/refresh`, { body: { refreshToken } });
      if (response.status !== 200) return void refused.push(response.body);
      refreshToken = response.body.refreshToken;
      tokens.push(response.body.accessToken);
    }
  };
  const traffic = Promise.all([requestContinuously(), refreshContinuously()]);
  const signIn = async (url: string) => {
    const credentials = { email: agent.email, password };
    const response = await call('POST', `${url}/v1/auth/login`, { body: credentials });
    return response.body.accessToken as string;
  };
  for (let round = 0; round < ROTATIONS; round++) {
    const { code, output } = await runDesk(['keys', 'rotate']);
    expect(code).toBe(0);
    const id = output.split(' ')[0] ?? '';
    for (const { url } of apis) {
      await until(async () => kidOf(await signIn(url)) === id, { timeoutMs: 10_000 });
    }
    const token = await signIn(apis[round % 2]?.url ?? run.url);
    for (const { socket } of sockets) {
      expect(await socket.emitWithAck('authenticate', { token })).toMatchObject({ ok: true });
    }
    for (const replica of ['1', '2']) sockets.push(await listen(token, { replica }));
  }
  isOver = true;
  await traffic;
  expect(refused).toEqual([]);
  expect(sockets.every(({ socket }) => socket.connected)).toBe(true);
  expect((await call('GET', '/v1/me', { token: agent.token })).status).toBe(200);
  expect(new Set(tokens.map(kidOf)).size).toBe(1 + ROTATIONS);
  const { output } = await runDesk(['keys', 'list']);
  expect(
    output
      .trim()
      .split('\n')
      .map((line) => / (signs|verifies until .*)$/.exec(line)?.[0]),
  ).toEqual([' signs', ...Array(ROTATIONS + 1).fill(expect.stringContaining('verifies until 2'))]);
});
