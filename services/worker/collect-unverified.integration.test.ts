import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { createConversation } from '@insightdesk/shared/domain/desk/conversations';
import {
  acceptInvitation,
  invitationToken,
  invite,
  login,
  register,
  verifyEmail,
} from '@insightdesk/shared/domain/identity/users';
import {
  deleteUnverifiedAccounts,
  eraseDueTenants,
} from '@insightdesk/shared/domain/tenancy/tenant-export';
import { disableOrganization, setQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { createTestTenant, signedIn, until, verifyAddress } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { openWorker } from './test-webhooks.ts';

let worker: Awaited<ReturnType<typeof openWorker>>;
let context: Context;
let holding: ReturnType<typeof connect>;
beforeAll(async () => {
  worker = await openWorker();
  ({ context } = worker);
  holding = connect(worker.adminUrl, { timeoutMs: 20_000 });
});
afterAll(async () => {
  await holding.end();
  await worker.close();
});

const password = 'correct horse battery';
const run = { signal: new AbortController().signal };
const collect = (ctx = context) => deleteUnverifiedAccounts(ctx, { days: 30 }, run);

/** Somebody who registered, and whose address nobody confirmed. */
async function claimed() {
  const email = `${newId('usr')}@example.com`;
  const person = { email, password, name: 'Somebody', organizationName: 'Somewhere' };
  const { user, organization, accessToken } = await register(context, person);
  const ctx = await signedIn(context, accessToken);
  const [link] = await worker.admin`select id from account_links where email = ${email}`;
  const verify = () => {
    const token = context.security.tokenCodec.seal('account-link', [
      'verify',
      fromUuid('lnk', link?.id),
    ]);
    return verifyEmail(context, { token, password });
  };
  return { email, userId: user.id, tenantId: organization.id, ctx, verify };
}
type Claimed = Awaited<ReturnType<typeof claimed>>;

/** As if all that it has done was so long ago. */
async function age({ userId, tenantId }: Pick<Claimed, 'userId' | 'tenantId'>, days = 31) {
  const [user, tenant] = [toUuid(userId), toUuid(tenantId)];
  const then = new Date(Date.now() - days * 86_400_000);
  await worker.admin`update users set created_at = ${then} where id = ${user}`;
  await worker.admin`update sessions set created_at = ${then}, refreshed_at = ${then},
    expires_at = ${new Date(then.getTime() + 7 * 86_400_000)} where tenant_id = ${tenant}`;
}

async function aged(days = 31) {
  const person = await claimed();
  await age(person, days);
  return person;
}

async function left({ userId, tenantId }: Pick<Claimed, 'userId' | 'tenantId'>) {
  const [user, tenant] = [toUuid(userId), toUuid(tenantId)];
  const [row] = await worker.admin`select
    (select count(*)::int from users where id = ${user}) as users,
    (select count(*)::int from identity.credentials where user_id = ${user}) as passwords,
    (select count(*)::int from organizations where id = ${tenant}) as organizations,
    (select count(*)::int from members where tenant_id = ${tenant}) as members`;
  return row as Record<string, number>;
}
const whole = { users: 1, passwords: 1, organizations: 1, members: 1 };
const gone = { users: 0, passwords: 0, organizations: 0, members: 0 };

const ledger = ({ tenantId }: Pick<Claimed, 'tenantId'>) => worker.admin`
  select requested_by, finished_at is not null as is_done from erasures
  where organization_id = ${toUuid(tenantId)}`;

test('an account that nobody verified goes with its empty organisation, which is written down', async () => {
  const [person, young, verified] = [await aged(), await aged(29), await aged()];
  await verifyAddress(context, verified.userId);
  expect(await collect()).toBe(1);
  expect(await left(person)).toEqual(gone);
  expect([...(await ledger(person))]).toEqual([{ requested_by: 'unverified', is_done: true }]);
  expect(await left(young)).toEqual(whole);
  expect(await left(verified)).toEqual(whole);
  const { email } = person;
  await expect(login(context, { email, password })).rejects.toMatchObject({ status: 401 });
  await expect(person.verify()).rejects.toMatchObject({ code: 'LINK_INVALID' });
});

const system = { kind: 'system', name: 'test' } as const;

/** Whoever did this, or had it done to him, so long ago. */
const after = (use: (person: Claimed) => Promise<unknown>) => async () => {
  const person = await claimed();
  await use(person);
  await age(person);
  return person;
};

const reasons: [why: string, make: () => Promise<Claimed>][] = [
  [
    'came in again',
    async () => {
      const person = await aged();
      await login(context, { email: person.email, password });
      return person;
    },
  ],
  [
    'has a conversation',
    after(({ ctx }) => createConversation(ctx, { subject: 'Hello', body: 'First' })),
  ],
  [
    'was given a quota',
    after(({ ctx, tenantId }) =>
      setQuota({ ...ctx, tenantId, actor: system }, { metric: 'seats', value: 5 }),
    ),
  ],
  [
    'is not alone',
    after(async ({ tenantId }) => {
      const other = await claimed();
      await worker.admin`insert into members (tenant_id, user_id, role)
        values (${toUuid(tenantId)}, ${toUuid(other.userId)}, 'agent')`;
    }),
  ],
  [
    'was in another organisation',
    after(async ({ userId }) => {
      const { tenantId } = await createTestTenant(context);
      await worker.admin`insert into members (tenant_id, user_id, role, removed_at)
        values (${toUuid(tenantId)}, ${toUuid(userId)}, 'agent', now())`;
    }),
  ],
  [
    'was shut out by an operator',
    after(({ ctx, tenantId }) => disableOrganization({ ...ctx, tenantId, actor: system })),
  ],
];

test.each(reasons)('whoever %s stays, and is looked at again as much later', async (_, make) => {
  const person = await make();
  expect(await collect()).toBe(0);
  expect(await left(person)).toMatchObject({ users: 1, passwords: 1, organizations: 1 });
  const looked = () =>
    worker.admin`select looked_at from users where id = ${toUuid(person.userId)}`;
  const [first] = await looked();
  expect(first?.looked_at).toBeInstanceOf(Date);
  expect(await collect()).toBe(0);
  expect([...(await looked())]).toEqual([{ looked_at: first?.looked_at }]);
});

test('nobody is collected where addresses need no proof', async () => {
  const person = await aged();
  const settings = { ...context.settings, requiresVerifiedEmail: false };
  expect(await collect({ ...context, settings })).toBe(0);
  expect(await left(person)).toEqual(whole);
  expect(await collect()).toBe(1);
});

/** Starts both where each waits for the person's link, in this order; what became of them. */
async function meet<A, B>(person: Claimed, first: () => Promise<A>, second: () => Promise<B>) {
  const user = toUuid(person.userId);
  const both = await holding.begin(async (holder) => {
    await holder`select id from account_links where user_id = ${user} for update`;
    const [self] = await holder`select pg_backend_pid() as pid`;
    const waiting = async (count: number) => {
      const [row] = await worker.admin`with recursive waits (pid) as (
          select ${self?.pid}::int
          union select a.pid from pg_stat_activity a, waits
            where waits.pid = any(pg_blocking_pids(a.pid)))
        select count(*)::int - 1 as n from waits`;
      return row?.n === count;
    };
    const one = settled(first());
    await until(() => waiting(1));
    const two = settled(second());
    await until(() => waiting(2));
    return { one, two };
  });
  return [await both.one, await both.two] as const;
}
const settled = <T>(work: Promise<T>) =>
  work.then(
    (value) => ({ value, error: undefined }),
    (error: { code?: string }) => ({ value: undefined, error: error.code }),
  );

describe('at the same time as the link is followed', () => {
  test('the one who follows it first keeps everything', async () => {
    const person = await aged();
    const [verified, collected] = await meet(person, person.verify, collect);
    expect([verified.error, collected]).toEqual([undefined, { value: 0, error: undefined }]);
    expect(await left(person)).toEqual(whole);
    expect(await login(context, { email: person.email, password })).toMatchObject({
      user: { id: person.userId },
    });
  });

  test('a link that comes second is not valid any more', async () => {
    const person = await aged();
    const [collected, verified] = await meet(person, collect, person.verify);
    expect([collected.value, verified.error]).toEqual([1, 'LINK_INVALID']);
    expect(await left(person)).toEqual(gone);
  });
});

test('two at once erase it once', async () => {
  const person = await aged();
  const both = await Promise.all([collect(), collect()]);
  expect(both.toSorted()).toEqual([0, 1]);
  expect(await left(person)).toEqual(gone);
  expect(await ledger(person)).toHaveLength(1);
});

test('what was cut off goes on; who was let in elsewhere meanwhile stays, without it', async () => {
  const { owner, tenantId: host } = await createTestTenant(context);
  const people = [await aged(), await aged()] as const;
  const erase = () => Promise.reject(new Error('killed'));
  for (const _ of people)
    await expect(collect({ ...context, traces: { erase } })).rejects.toThrow();
  const [alone, joining] = people;
  const { id } = await invite(owner, { email: joining.email, role: 'agent' });
  const token = invitationToken(context, host, id);
  const joined = await acceptInvitation(context, { token, name: 'Guest', password });
  expect(joined.user.id).toBe(joining.userId);
  await eraseDueTenants(context, run);
  expect(await left(alone)).toEqual(gone);
  expect(await left(joining)).toEqual({ ...gone, users: 1, passwords: 1 });
  expect(await login(context, { email: joining.email, password })).toMatchObject({
    organization: { id: host satisfies Id<'org'> },
  });
});
