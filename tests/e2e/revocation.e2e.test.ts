import { afterAll, expect, test } from 'bun:test';
import { createValkey } from '@insightdesk/shared/valkey';
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
  type Subscription,
  type TestUser,
} from './client.ts';

const SESSIONS = bySize(4, 12);
const SOCKETS = bySize(16, 48);
const PAUSE_MS = 8;
/** Much longer than a revocation takes, and shorter than the lifetime of a token. */
const TIMEOUT_MS = 30_000;

const valkey = createValkey(run.valkey, { name: 'revoke', role: 'blocking', onError: () => {} });
const closing: (() => unknown)[] = [() => valkey.disconnect()];
afterAll(() => {
  for (const close of closing) close();
});

/** Creates sessions of a user. Returns their access tokens. */
async function createSessions({ email }: TestUser): Promise<string[]> {
  const responses = [];
  for (let n = 0; n < SESSIONS; n++) {
    responses.push(await call('POST', '/v1/auth/login', { body: { email, password } }));
  }
  expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200));
  return responses.map(({ body }) => body.accessToken);
}

interface Scenario {
  tokens: string[];
  /** Whether the revocation was acknowledged. */
  isRevoked: boolean;
  /** The number of notes that were sent. */
  notes: number;
}

/** A socket that authenticates with random sessions continuously until it is closed. */
async function authenticateContinuously(scenario: Scenario, n: number) {
  const { tokens } = scenario;
  const listener = await listen(tokens[n % tokens.length] ?? '', { replica: `${1 + (n % 2)}` });
  const { socket } = listener;
  const result = { ...listener, granted: 0, revokedAt: Number.POSITIVE_INFINITY };
  const markRevoked = () => {
    result.revokedAt = Math.min(result.revokedAt, scenario.notes);
  };
  let timer: Timer | undefined;
  const authenticate = () => {
    const isLate = scenario.isRevoked;
    const token = tokens[Math.floor(Math.random() * tokens.length)];
    socket.emit('authenticate', { token }, ({ ok, error }: AuthenticateResponse) => {
      if (isLate && ok) result.granted++;
      if (error?.status === 401) markRevoked();
      timer = setTimeout(authenticate, PAUSE_MS);
    });
  };
  authenticate();
  const stop = () => clearTimeout(timer);
  socket.on('closing', markRevoked);
  socket.on('disconnect', stop);
  closing.push(stop, () => listener.close());
  return result;
}

type AuthenticateResponse = Pick<Subscription, 'ok' | 'error'>;
const numbersOf = ({ events }: Listener) => events.map(({ data }) => Number(data.body));

test('a removal closes every socket of the user, and none receives later notes', async () => {
  const { owner, agent, customer } = await createOrganization();
  const opened = await call('POST', '/v1/conversations', {
    token: customer.token,
    body: { subject: 'Secrets', body: 'Hello' },
  });
  const id: string = opened.body.id;
  const scenario = { tokens: await createSessions(agent), isRevoked: false, notes: 0 };
  const sockets = await Promise.all(
    Array.from({ length: SOCKETS }, (_, n) => authenticateContinuously(scenario, n)),
  );
  const bystander = await listen(owner.token);
  closing.push(() => bystander.close());
  for (const socket of [...sockets, bystander]) {
    expect(await socket.subscribe(`private-conversation-${id}-staff`)).toMatchObject({ ok: true });
  }
  const sendNote = async () => {
    const body = { body: `${scenario.notes++}`, kind: 'note' };
    await call('POST', `/v1/conversations/${id}/messages`, { token: owner.token, body });
  };
  await sendNote();
  await until(() => sockets.every(({ events }) => events.length === 1), {
    timeoutMs: TIMEOUT_MS,
  });
  const removed = await call('DELETE', `/v1/members/${agent.id}`, { token: owner.token });
  expect(removed.status).toBe(204);
  scenario.isRevoked = true;
  const revokedAt = performance.now();
  await until(
    async () => {
      await sendNote();
      return sockets.every(({ socket }) => !socket.connected);
    },
    { timeoutMs: TIMEOUT_MS },
  );
  const summary = { ms: Math.round(performance.now() - revokedAt), notes: scenario.notes };
  console.log('all sockets closed after', JSON.stringify(summary));
  for (const token of scenario.tokens) {
    expect((await call('GET', '/v1/me', { token })).status).toBe(401);
  }
  await sendNote();
  await until(() => bystander.events.length === scenario.notes, { timeoutMs: TIMEOUT_MS });
  expect(sockets.filter(({ granted }) => granted > 0)).toHaveLength(0);
  const lateNotes = sockets.flatMap((socket) =>
    numbersOf(socket).filter((n) => n >= socket.revokedAt),
  );
  expect(lateNotes).toEqual([]);
});

test.skipIf(!isLocalStack)(
  'a revocation while Valkey hangs applies to HTTP and sockets of both replicas',
  async () => {
    const { owner, agent, absent } = await createOrganization();
    const demoted = absent;
    const people = [agent, demoted];
    const sockets = await Promise.all(
      people.flatMap(({ token }) => ['1', '2'].map((replica) => listen(token, { replica }))),
    );
    const bystander = await listen(owner.token);
    closing.push(...[...sockets, bystander].map((listener) => () => listener.close()));
    const pid = Number(/process_id:(\d+)/.exec(await valkey.info('server'))?.[1]);
    process.kill(pid, 'SIGSTOP');
    try {
      const removed = await call('DELETE', `/v1/members/${agent.id}`, { token: owner.token });
      expect(removed.status).toBe(204);
      const changed = await call('PATCH', `/v1/members/${demoted.id}`, {
        token: owner.token,
        body: { role: 'customer' },
      });
      expect(changed.status).toBe(200);
      const revokedAt = performance.now();
      await until(() => sockets.every(({ socket }) => !socket.connected), {
        timeoutMs: TIMEOUT_MS,
      });
      console.log('all sockets closed after ms', Math.round(performance.now() - revokedAt));
      for (const { token } of people) {
        expect((await call('GET', '/v1/me', { token })).status).toBe(401);
      }
      expect(bystander.socket.connected).toBe(true);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  },
);
