import { afterAll, expect, test } from 'bun:test';
import { createValkey } from '@insightdesk/shared/valkey';
import { bySize } from '../../shared/testing/tier.ts';
import { until } from '../../shared/testing/until.ts';
import { call, createOrganization, isLocalStack, listEmails, run } from './client.ts';
import { createFollowers } from './followers.ts';

const OUTAGE_MS = bySize(4_000, 10_000);
const POSTERS = 4;

const valkey = createValkey(run.valkey, { name: 'stop', role: 'blocking', onError: () => {} });
const followers = createFollowers(async () => []);
afterAll(() => {
  followers.close();
  valkey.disconnect();
});

interface Post {
  status: number;
  ms: number;
  at: number;
}

test.skipIf(!isLocalStack)(
  'every message is accepted while Valkey hangs, and all effects follow afterwards',
  async () => {
    const { owner, agent, absent, customer } = await createOrganization();
    const opened = await call('POST', '/v1/conversations', {
      token: customer.token,
      body: { subject: 'An outage', body: 'It begins' },
    });
    const id: string = opened.body.id;
    for (const { token } of [owner, agent, customer]) {
      followers.follow(token, [`private-conversation-${id}`], 'websocket');
    }
    await followers.ready();
    const pid = Number(/process_id:(\d+)/.exec(await valkey.info('server'))?.[1]);

    const posts: Post[] = [];
    let isOver = false;
    let next = 0;
    const poster = async () => {
      while (!isOver) {
        const n = next++;
        const at = performance.now();
        const { status } = await call('POST', `/v1/conversations/${id}/messages`, {
          token: customer.token,
          body: { body: `${n}`, clientMessageId: `client-${n}` },
        });
        posts.push({ status, at, ms: performance.now() - at });
        await Bun.sleep(100);
      }
    };
    const posting = Promise.all(Array.from({ length: POSTERS }, poster));
    await until(() => posts.length, { atLeast: 21, timeoutMs: 30_000 });
    const stoppedAt = performance.now();
    process.kill(pid, 'SIGSTOP');
    try {
      await Bun.sleep(OUTAGE_MS);
      const asked = () => posts.filter(({ at }) => at > stoppedAt).length;
      await until(() => asked() > POSTERS, { timeoutMs: 60_000 });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const resumedAt = performance.now();
    const before = posts.length;
    await until(() => posts.length > before + 20, { timeoutMs: 30_000 });
    isOver = true;
    await posting;

    const wanted = Array.from({ length: next }, (_, n) => n);
    const isComplete = () => followers.states().every(([, { numbers }]) => numbers.length >= next);
    await until(isComplete, { timeoutMs: 60_000 }).catch(() => {});
    const receivedAfterMs = performance.now() - resumedAt;
    const mailed = async () =>
      (await listEmails(absent.email))
        .filter(({ subject }) => subject.includes('An outage'))
        .flatMap(({ text }) => /^\s*(\d+)\s*$/m.exec(text)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => a - b);
    await until(async () => (await mailed()).length >= next, { timeoutMs: 90_000 }).catch(() => {});

    const during = posts.filter(({ at }) => at > stoppedAt && at < resumedAt);
    const ms = during.map((post) => Math.round(post.ms)).sort((a, b) => a - b);
    console.log(
      'Valkey stopped:',
      JSON.stringify({
        posts: next,
        during: during.length,
        duringMs: { p50: ms[ms.length >> 1], max: ms.at(-1) },
        receivedAfterMs: Math.round(receivedAfterMs),
        emailedAfterMs: Math.round(performance.now() - resumedAt),
        ...followers.counts,
      }),
    );
    expect(posts.filter(({ status }) => status !== 201)).toEqual([]);
    for (const [, { numbers }] of followers.states()) {
      expect(numbers.toSorted((a, b) => a - b)).toEqual(wanted);
    }
    expect(await mailed()).toEqual(wanted);
    expect(followers.counts).toMatchObject({ gaps: 0, repeated: 0 });
  },
  240_000,
);
