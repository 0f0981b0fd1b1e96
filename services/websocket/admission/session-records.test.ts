import { expect, test } from 'bun:test';
import type { Id, Role } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { createSessionRecords, PAGE_LENGTH } from './session-records.ts';

type Rows = Map<Id<'ses'>, Role | 'none'>;

/** Records whose answers wait until they are given. */
function setUp() {
  const asked: (PromiseWithResolvers<Rows> & { ids: readonly Id<'ses'>[] })[] = [];
  const { require } = createSessionRecords((_, ids) => {
    const answer = Promise.withResolvers<Rows>();
    asked.push({ ...answer, ids });
    return answer.promise;
  });
  const answer = (n: number, now: Role | 'none' = 'agent') =>
    asked[n]?.resolve(new Map(asked[n].ids.map((id) => [id, now])));
  return { asked, require, answer };
}

const tenantId = newId('org');
const agent = (tenant = tenantId) => ({
  tenantId: tenant,
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
