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
  type Person,
  password,
  run,
  type Subscription,
} from './client.ts';

const SESSIONS = bySize(4, 12);
const SOCKETS = bySize(16, 48);
const PAUSE_MS = 8;
/** Much longer than it takes, and much shorter than a token lives. */
const TIMEOUT_MS = 30_000;

const valkey = createValkey(run.valkey, { name: 'revoke', role: 'blocking', onError: () => {} });
const closing: (() => unknown)[] = [() => valkey.disconnect()];
afterAll(() => {
  for (const close of closing) close();
});

/** Tokens of as many sessions of one person. */
async function signInOften({ email }: Person): Promise<string[]> {
  const answers = [];
  for (let n = 0; n < SESSIONS; n++) {
    answers.push(await call('POST', '/v1/auth/login', { body: { email, password } }));
  }
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  return answers.map(({ body }) => body.accessToken);
}

interface Course {
  tokens: string[];
  /** The end of all these sessions was acknowledged. */
  isOver: boolean;
  /** How many notes were begun. */
  notes: number;
}

/** A socket that asks again and again to go on by another session, until it is closed. */
async function hammer(course: Course, n: number) {
  const { tokens } = course;
  const listener = await listen(tokens[n % tokens.length] ?? '', { replica: `${1 + (n % 2)}` });
  const { socket } = listener;
  const hammering = { ...listener, granted: 0, deafFrom: Number.POSITIVE_INFINITY };
  const deafen = () => {
    hammering.deafFrom = Math.min(hammering.deafFrom, course.notes);
  };
  let timer: Timer | undefined;
  const ask = () => {
    const isLate = course.isOver;
    const token = tokens[Math.floor(Math.random() * tokens.length)];
    socket.emit('authenticate', { token }, ({ ok, error }: Answered) => {
      if (isLate && ok) hammering.granted++;
      if (error?.status === 401) deafen();
      timer = setTimeout(ask, PAUSE_MS);
    });
  };
  ask();
  const rest = () => clearTimeout(timer);
  socket.on('closing', deafen);
  socket.on('disconnect', rest);
  closing.push(rest, () => listener.close());
  return hammering;
}

type Answered = Pick<Subscription, 'ok' | 'error'>;
const numbersOf = ({ events }: Listener) => events.map(({ data }) => Number(data.body));

test('a removal closes every socket of the user, and none receives later notes', async () => {
  const { owner, agent, customer } = await createOrganization();
  const opened = await call('POST', '/v1/conversations', {
    token: customer.token,
    body: { subject: 'Secrets', body: 'Hello' },
  });
  const id: string = opened.body.id;
  const course = { tokens: await signInOften(agent), isOver: false, notes: 0 };
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, (_, n) => hammer(course, n)));
  const bystander = await listen(owner.token);
  closing.push(() => bystander.close());
  for (const one of [...sockets, bystander]) {
    expect(await one.subscribe(`private-conversation-${id}-staff`)).toMatchObject({ ok: true });
  }
  const note = async () => {
    const body = { body: `${course.notes++}`, kind: 'note' };
    await call('POST', `/v1/conversations/${id}/messages`, { token: owner.token, body });
  };
  await note();
  await until(() => sockets.every(({ events }) => events.length === 1), {
    timeoutMs: TIMEOUT_MS,
  });
  const removed = await call('DELETE', `/v1/members/${agent.id}`, { token: owner.token });
  expect(removed.status).toBe(204);
  course.isOver = true;
  const endedAt = performance.now();
  await until(
    async () => {
      await note();
      return sockets.every(({ socket }) => !socket.connected);
    },
    { timeoutMs: TIMEOUT_MS },
  );
  const closingCodes = { ms: Math.round(performance.now() - endedAt), notes: course.notes };
  console.log('all sockets closed after', JSON.stringify(closingCodes));
  for (const token of course.tokens) {
    expect((await call('GET', '/v1/me', { token })).status).toBe(401);
  }
  await note();
  await until(() => bystander.events.length === course.notes, { timeoutMs: TIMEOUT_MS });
  expect(sockets.filter(({ granted }) => granted > 0)).toHaveLength(0);
  const late = sockets.flatMap((one) => numbersOf(one).filter((n) => n >= one.deafFrom));
  expect(late).toEqual([]);
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
    closing.push(...[...sockets, bystander].map((one) => () => one.close()));
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
      const endedAt = performance.now();
      await until(() => sockets.every(({ socket }) => !socket.connected), {
        timeoutMs: TIMEOUT_MS,
      });
      console.log('all sockets closed after ms', Math.round(performance.now() - endedAt));
      for (const { token } of people) {
        expect((await call('GET', '/v1/me', { token })).status).toBe(401);
      }
      expect(bystander.socket.connected).toBe(true);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  },
);
