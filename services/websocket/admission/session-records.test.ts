import { expect, test } from 'bun:test';
import type { Id, Role } from '@insightdesk/shared/contract';
import { createAdmissions, newId } from '@insightdesk/shared/utils';
import { createSessionRecords, PAGE_LENGTH } from './session-records.ts';

type Rows = Map<Id<'ses'>, Role | 'none'>;

/** Records whose answers wait until they are given; `at` is the epoch of every organisation. */
function setUp(at: { epoch?: string; ms: number } = { ms: 0 }) {
  const asked: (PromiseWithResolvers<Rows> & { ids: readonly Id<'ses'>[] })[] = [];
  let moved = 0;
  const source = {
    list(_: Id<'org'>, ids: readonly Id<'ses'>[]) {
      const answer = Promise.withResolvers<Rows>();
      asked.push({ ...answer, ids });
      return answer.promise;
    },
    epochs: async (tenantIds: readonly Id<'org'>[]) =>
      new Map(tenantIds.map((id) => [id, at.epoch ?? `${moved++}`])),
  };
  const { require } = createSessionRecords(
    source,
    createAdmissions(() => at.ms),
  );
  const answer = (n: number, now: Role | 'none' = 'agent') =>
    asked[n]?.resolve(new Map(asked[n].ids.map((id) => [id, now])));
  return { asked, require, answer };
}

const tenantId = newId('org');
const agent = (tenant = tenantId) => ({
  tenantId: tenant,
  userId: newId('usr'),
  sessionId: newId('ses'),
  role: 'agent' as const,
});
const turn = () => Bun.sleep(0);

test('what is asked in one turn, or while a question is under way, is one question', async () => {
  const { asked, require, answer } = setUp();
  const [twice, other] = [agent(), agent()];
  const first = [require(twice), require(twice), require(other)];
  expect(asked).toHaveLength(0);
  await turn();
  expect(asked.map(({ ids }) => ids)).toEqual([[twice.sessionId, other.sessionId]]);
  const later = [require(agent()), require(twice)];
  await turn();
  expect(asked).toHaveLength(1);
  answer(0);
  await Promise.all(first);
  await turn();
  expect(asked).toHaveLength(2);
  expect(asked[1]?.ids).toContain(twice.sessionId);
  answer(1);
  await Promise.all(later);
});

test('an organisation waits for no other, and nobody is asked about more than a page', async () => {
  const { asked, require, answer } = setUp();
  const many = Array.from({ length: PAGE_LENGTH + 1 }, () => require(agent()));
  const stranger = require(agent(newId('org')));
  await turn();
  expect(asked.map(({ ids }) => ids.length)).toEqual([PAGE_LENGTH, 1]);
  answer(1);
  await stranger;
  answer(0);
  await turn();
  expect(asked.map(({ ids }) => ids.length)).toEqual([PAGE_LENGTH, 1, 1]);
  answer(2);
  await Promise.all(many);
});

test.each([
  ['none', 403, 'ORGANIZATION_DISABLED'],
  ['customer', 401, 'ACCESS_CHANGED'],
] as const)('a role that is %s by now is refused', async (now, status, code) => {
  const { require, answer } = setUp();
  const asking = require(agent());
  await turn();
  answer(0, now);
  await expect(asking).rejects.toMatchObject({ status, code });
});

test('who is not in the answer has no session; a failure is told to all who asked, once', async () => {
  const { asked, require, answer } = setUp();
  const [live, gone] = [agent(), agent()];
  const both = Promise.allSettled([require(live), require(gone)]);
  await turn();
  asked[0]?.resolve(new Map([[live.sessionId, 'agent']]));
  expect(await both).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: { code: 'SESSION_ENDED' } },
  ]);
  const failing = Promise.allSettled([require(live), require(gone)]);
  await turn();
  asked[1]?.reject(new Error('no database'));
  expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const again = require(live);
  await turn();
  answer(2);
  await again;
});

test('who was live a moment ago, at the same epoch, is not looked up again', async () => {
  const at = { epoch: '1', ms: 0 };
  const { asked, require, answer } = setUp(at);
  const [one, other] = [agent(), agent()];
  const lookUp = async (who: typeof one) => {
    const found = require(who);
    await turn();
    answer(asked.length - 1);
    await found;
    return asked.length;
  };
  expect(await lookUp(one)).toBe(1);
  expect(await lookUp(one)).toBe(1);
  expect(await lookUp(other)).toBe(2);
  at.epoch = '2';
  expect(await lookUp(one)).toBe(3);
  at.ms += 500;
  expect(await lookUp(one)).toBe(4);
});

test('who was refused, or comes as another, is looked up', async () => {
  const { asked, require, answer } = setUp({ epoch: '1', ms: 0 });
  const who = agent();
  const refused = Promise.allSettled([require(who)]);
  await turn();
  asked[0]?.resolve(new Map());
  await refused;
  const known = require(who);
  await turn();
  answer(1);
  await known;
  const raised = Promise.allSettled([require({ ...who, role: 'owner' as const })]);
  await turn();
  answer(2);
  expect(await raised).toMatchObject([{ status: 'rejected', reason: { code: 'ACCESS_CHANGED' } }]);
});
