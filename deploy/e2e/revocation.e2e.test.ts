import { afterAll, expect, test } from 'bun:test';
import { createValkey } from '@insightdesk/shared/valkey';
import {
  call,
  isLocalStack,
  type Listener,
  listen,
  openOrganization,
  type Person,
  password,
  run,
  until,
} from './client.ts';

const SESSIONS = 12;
const SOCKETS = 48;
/** From the answer on. */
const BOUND_MS = 1_000;

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

/** A socket that asks every 8 ms to go on by another session, until it is closed. */
async function hammer(tokens: string[], n: number): Promise<Listener> {
  const listener = await listen(tokens[n % tokens.length] ?? '', { replica: `${1 + (n % 2)}` });
  const timer = setInterval(() => {
    const token = tokens[Math.floor(Math.random() * tokens.length)];
    listener.socket.emit('authenticate', { token }, () => {});
  }, 8);
  listener.socket.on('disconnect', () => clearInterval(timer));
  closing.push(
    () => clearInterval(timer),
    () => listener.close(),
  );
  return listener;
}

const endings = [
  [
    'removal',
    (owner: Person, agent: Person) =>
      call('DELETE', `/v1/members/${agent.id}`, { token: owner.token }),
  ],
  [
    'sign-out everywhere',
    (_owner: Person, agent: Person) => call('POST', '/v1/auth/logout-all', { token: agent.token }),
  ],
] as const;

test.each(endings)(
  '%s: no socket survives that renews itself by other sessions, and none hears of later notes',
  async (_name, end) => {
    const { owner, agent, customer } = await openOrganization();
    const opened = await call('POST', '/v1/conversations', {
      token: customer.token,
      body: { subject: 'Secrets', body: 'Hello' },
    });
    const id: string = opened.body.id;
    const tokens = await signInOften(agent);
    const sockets = await Promise.all(Array.from({ length: SOCKETS }, (_, n) => hammer(tokens, n)));
    for (const one of sockets) {
      expect(await one.subscribe(`private-conversation-${id}-staff`)).toMatchObject({ ok: true });
    }
    expect((await end(owner, agent)).status).toBe(204);
    const until = Date.now() + BOUND_MS;
    while (Date.now() < until + 500) {
      const body = { body: `a note of ${Date.now()}`, kind: 'note' };
      await call('POST', `/v1/conversations/${id}/messages`, { token: owner.token, body });
      await Bun.sleep(50);
    }
    expect(sockets.filter(({ socket }) => socket.connected).length).toBe(0);
    const late = sockets.flatMap(({ events }) => events.filter(({ at }) => Date.parse(at) > until));
    expect(late).toEqual([]);
  },
  120_000,
);

test.skipIf(!isLocalStack)(
  'while Valkey stands still, what ends is over on HTTP and on sockets of both replicas',
  async () => {
    const { owner, agent, absent } = await openOrganization();
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
      await until(() => sockets.every(({ socket }) => !socket.connected), BOUND_MS);
      for (const { token } of people) {
        expect((await call('GET', '/v1/me', { token })).status).toBe(401);
      }
      expect(bystander.socket.connected).toBe(true);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  },
  60_000,
);
