import { afterAll, expect, test } from 'bun:test';
import { createValkey } from '@insightdesk/shared/valkey';
import { call, isLocalStack, mailsTo, openOrganization, run, until } from './client.ts';
import { createCrowd } from './followers.ts';

const OUTAGE_MS = 10_000;
const POSTERS = 4;

const valkey = createValkey(run.valkey, { name: 'stop', role: 'blocking', onError: () => {} });
const crowd = createCrowd(async () => []);
afterAll(() => {
  crowd.close();
  valkey.disconnect();
});

interface Post {
  status: number;
  ms: number;
  at: number;
}

test.skipIf(!isLocalStack)(
  'Valkey stands still for 10 s under load: every message is accepted, all that follows comes after',
  async () => {
    const { owner, agent, absent, customer } = await openOrganization();
    const opened = await call('POST', '/v1/conversations', {
      token: customer.token,
      body: { subject: 'An outage', body: 'It begins' },
    });
    const id: string = opened.body.id;
    for (const { token } of [owner, agent, customer]) {
      crowd.follow(token, [`private-conversation-${id}`], 'websocket');
    }
    await crowd.ready();
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
    await until(() => posts.length > 20, 30_000);
    const stoppedAt = performance.now();
    process.kill(pid, 'SIGSTOP');
    try {
      await Bun.sleep(OUTAGE_MS);
      const asked = () => posts.filter(({ at }) => at > stoppedAt).length;
      await until(() => asked() > POSTERS, 60_000);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const resumedAt = performance.now();
    const before = posts.length;
    await until(() => posts.length > before + 20, 30_000);
    isOver = true;
    await posting;

    const wanted = Array.from({ length: next }, (_, n) => n);
    const isComplete = () => crowd.states().every(([, { numbers }]) => numbers.length >= next);
    await until(isComplete, 60_000).catch(() => {});
    const heardAfterMs = performance.now() - resumedAt;
    const mailed = async () =>
      (await mailsTo(absent.email))
        .filter(({ subject }) => subject.includes('An outage'))
        .flatMap(({ text }) => /^\s*(\d+)\s*$/m.exec(text)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => a - b);
    await until(async () => (await mailed()).length >= next, 90_000).catch(() => {});

    const during = posts.filter(({ at }) => at > stoppedAt && at < resumedAt);
    const ms = during.map((post) => Math.round(post.ms)).sort((a, b) => a - b);
    console.log(
      'Valkey stopped:',
      JSON.stringify({
        posts: next,
        during: during.length,
        duringMs: { p50: ms[ms.length >> 1], max: ms.at(-1) },
        heardAfterMs: Math.round(heardAfterMs),
        mailedAfterMs: Math.round(performance.now() - resumedAt),
        ...crowd.figures,
      }),
    );
    expect(posts.filter(({ status }) => status !== 201)).toEqual([]);
    for (const [, { numbers }] of crowd.states()) {
      expect(numbers.toSorted((a, b) => a - b)).toEqual(wanted);
    }
    expect(await mailed()).toEqual(wanted);
    expect(crowd.figures).toMatchObject({ gaps: 0, repeated: 0 });
  },
  240_000,
);
