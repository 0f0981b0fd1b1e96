import { afterAll, expect, test } from 'bun:test';
import { createValkey } from '@insightdesk/shared/valkey';
import { bySize } from '../../shared/testing/tier.ts';
import { until } from '../../shared/testing/until.ts';
import { call, createOrganization, isLocalStack, listEmails, loadRun, run } from './client.ts';
import { createFollowers } from './followers.ts';

const FULL_MS = bySize(4_000, 12_000);

let restoreMemory = async () => {};
const followers = createFollowers(async () => []);
afterAll(async () => {
  await restoreMemory();
  followers.close();
});

function openValkey() {
  const valkey = createValkey(run.valkey, { name: 'full', role: 'blocking', onError: () => {} });
  restoreMemory = async () => {
    await valkey.config('SET', 'maxmemory', 0);
    valkey.disconnect();
  };
  return valkey;
}

const pids = () => loadRun().services.map(({ name, pid }) => `${name} ${pid}`);

test.skipIf(!isLocalStack)(
  'posts and reads work while Valkey is full, and all effects follow afterwards',
  async () => {
    const valkey = openValkey();
    const { owner, agent, absent, customer } = await createOrganization();
    const opened = await call('POST', '/v1/conversations', {
      token: customer.token,
      body: { subject: 'No room', body: 'It begins' },
    });
    const id: string = opened.body.id;
    for (const { token } of [owner, agent, customer]) {
      followers.follow(token, [`private-conversation-${id}`], 'websocket');
    }
    await followers.ready();
    const statuses: number[] = [];
    let next = 0;
    const post = async () => {
      const body = { body: `${next}`, clientMessageId: `client-${next++}` };
      const path = `/v1/conversations/${id}/messages`;
      statuses.push((await call('POST', path, { token: customer.token, body })).status);
    };
    const pidsBefore = pids();
    // Its jobs are under way when the room ends.
    while (next < 15) await post();
    await valkey.config('SET', 'maxmemory', 1);
    const refusal = await valkey.set('anything', 'x').catch((error: Error) => error.message);
    expect(refusal).toStartWith('OOM');

    const fullUntil = Date.now() + FULL_MS;
    while (Date.now() < fullUntil || next <= 20) {
      await post();
      const read = await call('GET', `/v1/conversations/${id}/messages`, { token: agent.token });
      expect(read.status).toBe(200);
      await Bun.sleep(100);
    }
    expect(statuses.filter((status) => status !== 201)).toEqual([]);
    await valkey.config('SET', 'maxmemory', 0);

    const wanted = Array.from({ length: next }, (_, n) => n);
    const isComplete = () => followers.states().every(([, { numbers }]) => numbers.length >= next);
    await until(isComplete, { timeoutMs: 60_000 }).catch(() => {});
    for (const [, { numbers }] of followers.states()) expect(numbers).toEqual(wanted);
    expect(followers.counts).toMatchObject({ gaps: 0, repeated: 0 });
    expect(pids()).toEqual(pidsBefore);
    const mailed = async () =>
      (await listEmails(absent.email))
        .filter(({ subject }) => subject.includes('No room'))
        .flatMap(({ text }) => /^\s*(\d+)\s*$/m.exec(text)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => a - b);
    await until(async () => (await mailed()).length >= next, { timeoutMs: 90_000 }).catch(() => {});
    expect(await mailed()).toEqual(wanted);
  },
  200_000,
);
