import { expect, test } from 'bun:test';
import type { Id, Role } from '@insightdesk/shared/contract';
import { createRecentSessions, newId } from '@insightdesk/shared/utils';
import { createSessionVerifier, MAX_SESSIONS_PER_QUERY } from './session-verifier.ts';

type Rows = Map<Id<'ses'>, Role | 'none'>;

/** A verifier whose queries wait for `answer`; `at` has the generation of every organization. */
function setUp(at: { generation?: string; ms: number } = { ms: 0 }) {
  const queries: (PromiseWithResolvers<Rows> & { ids: readonly Id<'ses'>[] })[] = [];
  let nextGeneration = 0;
  const source = {
    listLive(_: Id<'org'>, ids: readonly Id<'ses'>[]) {
      const answer = Promise.withResolvers<Rows>();
      queries.push({ ...answer, ids });
      return answer.promise;
    },
    listGenerations: async (tenantIds: readonly Id<'org'>[]) =>
      new Map(tenantIds.map((id) => [id, at.generation ?? `${nextGeneration++}`])),
  };
  const { verify } = createSessionVerifier(
    source,
    createRecentSessions(() => at.ms),
  );
  const answer = (n: number, now: Role | 'none' = 'agent') =>
    queries[n]?.resolve(new Map(queries[n].ids.map((id) => [id, now])));
  return { queries, verify, answer };
}

const tenantId = newId('org');
const agent = (tenant = tenantId) => ({
  kind: 'user' as const,
  tenantId: tenant,
  userId: newId('usr'),
  sessionId: newId('ses'),
  role: 'agent' as const,
});
const turn = () => Bun.sleep(0);

test('verify: calls of one turn, or during a query, share one query', async () => {
  const { queries, verify, answer } = setUp();
  const [twice, other] = [agent(), agent()];
  const first = [verify(twice), verify(twice), verify(other)];
  expect(queries).toHaveLength(0);
  await turn();
  expect(queries.map(({ ids }) => ids)).toEqual([[twice.sessionId, other.sessionId]]);
  const later = [verify(agent()), verify(twice)];
  await turn();
  expect(queries).toHaveLength(1);
  answer(0);
  await Promise.all(first);
  await turn();
  expect(queries).toHaveLength(2);
  expect(queries[1]?.ids).toContain(twice.sessionId);
  answer(1);
  await Promise.all(later);
});

test('verify: organizations do not wait for each other, and a query has a maximum of sessions', async () => {
  const { queries, verify, answer } = setUp();
  const many = Array.from({ length: MAX_SESSIONS_PER_QUERY + 1 }, () => verify(agent()));
  const otherTenant = verify(agent(newId('org')));
  await turn();
  expect(queries.map(({ ids }) => ids.length)).toEqual([MAX_SESSIONS_PER_QUERY, 1]);
  answer(1);
  await otherTenant;
  answer(0);
  await turn();
  expect(queries.map(({ ids }) => ids.length)).toEqual([MAX_SESSIONS_PER_QUERY, 1, 1]);
  answer(2);
  await Promise.all(many);
});

test.each([
  ['none', 403, 'ORGANIZATION_DISABLED'],
  ['customer', 401, 'ACCESS_CHANGED'],
] as const)('verify: a session is refused when its role is now %s', async (now, status, code) => {
  const { verify, answer } = setUp();
  const asking = verify(agent());
  await turn();
  answer(0, now);
  await expect(asking).rejects.toMatchObject({ status, code });
});

test('verify: missing sessions are refused, a failed query rejects all its calls, once', async () => {
  const { queries, verify, answer } = setUp();
  const [live, gone] = [agent(), agent()];
  const both = Promise.allSettled([verify(live), verify(gone)]);
  await turn();
  queries[0]?.resolve(new Map([[live.sessionId, 'agent']]));
  expect(await both).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: { code: 'SESSION_ENDED' } },
  ]);
  const failing = Promise.allSettled([verify(live), verify(gone)]);
  await turn();
  queries[1]?.reject(new Error('no database'));
  expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const again = verify(live);
  await turn();
  answer(2);
  await again;
});

test('verify: a session that was valid a moment ago at the same generation is not looked up again', async () => {
  const at = { generation: '1', ms: 0 };
  const { queries, verify, answer } = setUp(at);
  const [one, other] = [agent(), agent()];
  const lookUp = async (claims: typeof one) => {
    const found = verify(claims);
    await turn();
    answer(queries.length - 1);
    await found;
    return queries.length;
  };
  expect(await lookUp(one)).toBe(1);
  expect(await lookUp(one)).toBe(1);
  expect(await lookUp(other)).toBe(2);
  at.generation = '2';
  expect(await lookUp(one)).toBe(3);
  at.ms += 500;
  expect(await lookUp(one)).toBe(4);
});

test('verify: a refused session, or one with another role, is looked up again', async () => {
  const { queries, verify, answer } = setUp({ generation: '1', ms: 0 });
  const claims = agent();
  const refused = Promise.allSettled([verify(claims)]);
  await turn();
  queries[0]?.resolve(new Map());
  await refused;
  const known = verify(claims);
  await turn();
  answer(1);
  await known;
  const raised = Promise.allSettled([verify({ ...claims, role: 'owner' as const })]);
  await turn();
  answer(2);
  expect(await raised).toMatchObject([{ status: 'rejected', reason: { code: 'ACCESS_CHANGED' } }]);
});
