import { afterAll, expect, test } from 'bun:test';
import { createValkey } from '@insightdesk/shared/valkey';
import { call, isLocalStack, loadRun, mailsTo, openOrganization, run, until } from './client.ts';
import { createCrowd } from './followers.ts';

const FULL_MS = 12_000;

let makeRoom = async () => {};
const crowd = createCrowd(async () => []);
afterAll(async () => {
  await makeRoom();
  crowd.close();
});

function openValkey() {
  const valkey = createValkey(run.valkey, { name: 'full', role: 'blocking', onError: () => {} });
  makeRoom = async () => {
    await valkey.config('SET', 'maxmemory', 0);
    valkey.disconnect();
  };
  return valkey;
}

const pids = () => loadRun().services.map(({ name, pid }) => `${name} ${pid}`);

test.skipIf(!isLocalStack)(
  'Valkey is full for a while: posts and reads go on, and everything follows once there is room',
  async () => {
    const valkey = openValkey();
    const { owner, agent, absent, customer } = await openOrganization();
    const opened = await call('POST', '/v1/conversations', {
      token: customer.token,
      body: { subject: 'No room', body: 'It begins' },
    });
    const id: string = opened.body.id;
    for (const { token } of [owner, agent, customer]) {
      crowd.follow(token, [`private-conversation-${id}`], 'websocket');
    }
    await crowd.ready();
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
    const isComplete = () => crowd.states().every(([, { numbers }]) => numbers.length >= next);
    await until(isComplete, 60_000).catch(() => {});
    for (const [, { numbers }] of crowd.states()) expect(numbers).toEqual(wanted);
    expect(crowd.figures).toMatchObject({ gaps: 0, repeated: 0 });
    expect(pids()).toEqual(pidsBefore);
    const mailed = async () =>
      (await mailsTo(absent.email))
        .filter(({ subject }) => subject.includes('No room'))
        .flatMap(({ text }) => /^\s*(\d+)\s*$/m.exec(text)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => a - b);
    await until(async () => (await mailed()).length >= next, 90_000).catch(() => {});
    expect(await mailed()).toEqual(wanted);
  },
  200_000,
);
