import { afterAll, describe, expect, test } from 'bun:test';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { createConversation } from '@insightdesk/shared/domain/desk/conversations';
import {
  acceptInvitation,
  createInvitationToken,
  inviteMember,
  login,
  register,
  verifyEmail,
} from '@insightdesk/shared/domain/identity/users';
import {
  deleteDueTenants,
  deleteUnverifiedAccounts,
} from '@insightdesk/shared/domain/tenancy/tenant-deletion';
import { disableOrganization, updateQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import {
  authenticatedContext,
  createTestTenant,
  verifyEmail as markVerified,
  until,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { openTestWorker } from '../testing/test-worker.ts';

const worker = await openTestWorker();
const { context } = worker;
const locking = connect(worker.adminUrl, { timeoutMs: 20_000 });
afterAll(async () => {
  await locking.end();
  await worker.close();
});

const password = 'correct horse battery';
const run = { signal: new AbortController().signal };
const runJob = (ctx = context) => deleteUnverifiedAccounts(ctx, { days: 30 }, run);

/** A registered user with an unverified email address. */
async function registerUser() {
  const email = `${newId('usr')}@example.com`;
  const person = { email, password, name: 'Ann', organizationName: 'Acme' };
  const { user, organization, accessToken } = await register(context, person);
  const ctx = await authenticatedContext(context, accessToken);
  const [link] = await worker.admin`select id from email_links where email = ${email}`;
  const verify = () => {
    const token = context.security.tokenCodec.encode('account-link', [
      'verify',
      fromUuid('lnk', link?.id),
    ]);
    return verifyEmail(context, { token, password });
  };
  return { email, userId: user.id, tenantId: organization.id, ctx, verify };
}
type Account = Awaited<ReturnType<typeof registerUser>>;

/** Moves everything that the account has done into the past. */
async function backdate({ userId, tenantId }: Pick<Account, 'userId' | 'tenantId'>, days = 31) {
  const [user, tenant] = [toUuid(userId), toUuid(tenantId)];
  const then = new Date(Date.now() - days * 86_400_000);
  await worker.admin`update users set created_at = ${then} where id = ${user}`;
  await worker.admin`update sessions set created_at = ${then}, refreshed_at = ${then},
    expires_at = ${new Date(then.getTime() + 7 * 86_400_000)} where tenant_id = ${tenant}`;
}

async function registerInPast(days = 31) {
  const person = await registerUser();
  await backdate(person, days);
  return person;
}

async function countRows({ userId, tenantId }: Pick<Account, 'userId' | 'tenantId'>) {
  const [user, tenant] = [toUuid(userId), toUuid(tenantId)];
  const [row] = await worker.admin`select
    (select count(*)::int from users where id = ${user}) as users,
    (select count(*)::int from identity.credentials where user_id = ${user}) as passwords,
    (select count(*)::int from organizations where id = ${tenant}) as organizations,
    (select count(*)::int from members where tenant_id = ${tenant}) as members`;
  return row as Record<string, number>;
}
const allRows = { users: 1, passwords: 1, organizations: 1, members: 1 };
const noRows = { users: 0, passwords: 0, organizations: 0, members: 0 };

const findDeletions = ({ tenantId }: Pick<Account, 'tenantId'>) => worker.admin`
  select requested_by, finished_at is not null as is_done from tenant_deletions
  where organization_id = ${toUuid(tenantId)}`;

test('an unverified account is deleted with its empty organization, and the deletion is recorded', async () => {
  const [person, young, verified] = [
    await registerInPast(),
    await registerInPast(29),
    await registerInPast(),
  ];
  await markVerified(context, verified.userId);
  expect(await runJob()).toBe(1);
  expect(await countRows(person)).toEqual(noRows);
  expect([...(await findDeletions(person))]).toEqual([
    { requested_by: 'unverified', is_done: true },
  ]);
  expect(await countRows(young)).toEqual(allRows);
  expect(await countRows(verified)).toEqual(allRows);
  const { email } = person;
  await expect(login(context, { email, password })).rejects.toMatchObject({ status: 401 });
  await expect(person.verify()).rejects.toMatchObject({ code: 'LINK_INVALID' });
});

const system = { kind: 'system', name: 'test' } as const;

/** An account that was used in this way in the past. */
const usedInPast = (use: (person: Account) => Promise<unknown>) => async () => {
  const person = await registerUser();
  await use(person);
  await backdate(person);
  return person;
};

const reasons: [reason: string, make: () => Promise<Account>][] = [
  [
    'logged in again',
    async () => {
      const person = await registerInPast();
      await login(context, { email: person.email, password });
      return person;
    },
  ],
  [
    'has a conversation',
    usedInPast(({ ctx }) => createConversation(ctx, { subject: 'Hello', body: 'First' })),
  ],
  [
    'has a quota',
    usedInPast(({ ctx, tenantId }) =>
      updateQuota({ ...ctx, tenantId, actor: system }, { metric: 'seats', value: 5 }),
    ),
  ],
  [
    'has another member',
    usedInPast(async ({ tenantId }) => {
      const other = await registerUser();
      await worker.admin`insert into members (tenant_id, user_id, role)
        values (${toUuid(tenantId)}, ${toUuid(other.userId)}, 'agent')`;
    }),
  ],
  [
    'was a member of another organization',
    usedInPast(async ({ userId }) => {
      const { tenantId } = await createTestTenant(context);
      await worker.admin`insert into members (tenant_id, user_id, role, removed_at)
        values (${toUuid(tenantId)}, ${toUuid(userId)}, 'agent', now())`;
    }),
  ],
  [
    'was disabled by an operator',
    usedInPast(({ ctx, tenantId }) => disableOrganization({ ...ctx, tenantId, actor: system })),
  ],
];

test.each(reasons)('an account that %s stays and is checked again later', async (_, make) => {
  const person = await make();
  expect(await runJob()).toBe(0);
  expect(await countRows(person)).toMatchObject({ users: 1, passwords: 1, organizations: 1 });
  const checkedAt = () =>
    worker.admin`select last_checked_at from users where id = ${toUuid(person.userId)}`;
  const [first] = await checkedAt();
  expect(first?.last_checked_at).toBeInstanceOf(Date);
  expect(await runJob()).toBe(0);
  expect([...(await checkedAt())]).toEqual([{ last_checked_at: first?.last_checked_at }]);
});

test('unverified accounts stay where verification is optional', async () => {
  const person = await registerInPast();
  const settings = { ...context.settings, requiresVerifiedEmail: false };
  expect(await runJob({ ...context, settings })).toBe(0);
  expect(await countRows(person)).toEqual(allRows);
  expect(await runJob()).toBe(1);
});

/** Runs both concurrently, in this order of taking the lock of the user's links. */
async function race<A, B>(person: Account, first: () => Promise<A>, second: () => Promise<B>) {
  const user = toUuid(person.userId);
  const results = await locking.begin(async (locker) => {
    await locker`select id from email_links where user_id = ${user} for update`;
    const [self] = await locker`select pg_backend_pid() as pid`;
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
  return [await results.one, await results.two] as const;
}
const settled = <T>(work: Promise<T>) =>
  work.then(
    (value) => ({ value, error: undefined }),
    (error: { code?: string }) => ({ value: undefined, error: error.code }),
  );

describe('concurrently with the verification of the address', () => {
  test('an account verified first is not deleted', async () => {
    const person = await registerInPast();
    const [verified, collected] = await race(person, person.verify, runJob);
    expect([verified.error, collected]).toEqual([undefined, { value: 0, error: undefined }]);
    expect(await countRows(person)).toEqual(allRows);
    expect(await login(context, { email: person.email, password })).toMatchObject({
      user: { id: person.userId },
    });
  });

  test('a link used after the deletion is invalid', async () => {
    const person = await registerInPast();
    const [collected, verified] = await race(person, runJob, person.verify);
    expect([collected.value, verified.error]).toEqual([1, 'LINK_INVALID']);
    expect(await countRows(person)).toEqual(noRows);
  });
});

test('two concurrent runs delete an account once', async () => {
  const person = await registerInPast();
  const counts = await Promise.all([runJob(), runJob()]);
  expect(counts.toSorted()).toEqual([0, 1]);
  expect(await countRows(person)).toEqual(noRows);
  expect(await findDeletions(person)).toHaveLength(1);
});

test('an interrupted deletion continues and keeps a user who has joined another organization', async () => {
  const { owner, tenantId: host } = await createTestTenant(context);
  const people = [await registerInPast(), await registerInPast()] as const;
  const purgeTenantKeys = () => Promise.reject(new Error('killed'));
  await expect(runJob({ ...context, purgeTenantKeys })).rejects.toThrow('killed');
  const [alone, joining] = people;
  const { id } = await inviteMember(owner, { email: joining.email, role: 'agent' });
  const token = createInvitationToken(context, host, id);
  const joined = await acceptInvitation(context, { token, name: 'Guest', password });
  expect(joined.user.id).toBe(joining.userId);
  await deleteDueTenants(context, run);
  expect(await countRows(alone)).toEqual(noRows);
  expect(await countRows(joining)).toEqual({ ...noRows, users: 1, passwords: 1 });
  expect(await login(context, { email: joining.email, password })).toMatchObject({
    organization: { id: host satisfies Id<'org'> },
  });
});
