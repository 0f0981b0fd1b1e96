import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { updateQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { createTxtResolver } from '@insightdesk/shared/security';
import { testEnvironment, totpCode } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { startDnsServer } from '../../testing/dns-server.ts';
import { accountOf as accountWith, createOidcApi } from '../../testing/oidc-api.ts';

let dns: Awaited<ReturnType<typeof startDnsServer>>;
const {
  api,
  users,
  createOrganization: create,
  ...provider
} = await createOidcApi({
  resolveTxt: (name) => createTxtResolver({ servers: [dns.address] })(name),
});
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
const { prepareCallback, signInAtProvider, exchange, signIn } = provider;
beforeAll(async () => {
  dns = await startDnsServer();
});
afterAll(async () => {
  dns.close();
  await Promise.all([admin.end(), provider.close()]);
});

/** An organization with auto-join enabled and the DNS record that proves its domain. */
async function createOrganization(more: object = {}) {
  const domain = `${newId('org').slice(4)}.example`;
  const created = await create({ allowedDomains: [domain], autoJoin: 'agent', ...more });
  const organizationId = created.organization.id as Id<'org'>;
  dns.publish(`_insightdesk.${domain}`, `insightdesk-organization=${organizationId}`);
  return { ...created, domain, organizationId };
}
type Organization = Awaited<ReturnType<typeof createOrganization>>;

const accountOf = ({ domain }: Pick<Organization, 'domain'>, more: object = {}) =>
  accountWith(`${newId('usr')}@${domain}`, more);

async function membersOf({ as }: Organization) {
  const list = await api.request('GET', '/v1/members', { as });
  const { items } = (await list.json()) as {
    items: { id: Id<'usr'>; email: string; role: string }[];
  };
  return items.filter(({ role }) => role !== 'owner');
}

test.each(['agent', 'customer'])(
  'auto-join: a new user becomes a member as %s with a new account',
  async (role) => {
    const organization = await createOrganization({ autoJoin: role });
    const account = accountOf(organization, { email_verified: true, name: 'Ada Lovelace' });
    const first = await signIn(organization, account);
    const again = await signIn(organization, account);
    expect(again.user.id).toBe(first.user.id);
    expect(await membersOf(organization)).toMatchObject([
      { id: first.user.id, email: account.email, role },
    ]);
    const me = await api.request('GET', '/v1/me', { as: first.accessToken });
    expect(await me.json()).toMatchObject({ role, user: { emailVerified: true } });
    const events = await api.context.database.read(
      { tenantId: organization.organizationId },
      (tx) =>
        tx.execute<{ payload: object }>(`select payload from outbox where name = 'member.joined'`),
    );
    expect(events.map(({ payload }) => payload)).toMatchObject([{ userId: first.user.id, role }]);
  },
);

test.each([
  ['the address is not verified', {}, { email_verified: false }],
  ['the domain is not allowed', { allowedDomains: ['example.org'] }, {}],
])('auto-join: rejected when %s', async (_, provider, about) => {
  const organization = await createOrganization(provider);
  const { error } = await signInAtProvider(organization, { ...accountOf(organization), ...about });
  expect(error).toBe('OAUTH_UNKNOWN_PERSON');
  expect(await membersOf(organization)).toEqual([]);
});

test('auto-join: a provider cannot claim domains without a DNS record', async () => {
  const user = await users.register();
  const evil = await createOrganization({ allowedDomains: ['example.com', 'gmail.example'] });
  for (const email of [user.email, 'someone@gmail.example']) {
    const { error } = await signInAtProvider(evil, { ...accountOf(evil), email });
    expect(error).toBe('OAUTH_UNKNOWN_PERSON');
  }
  expect(dns.queriedNames).toContain('_insightdesk.gmail.example');
  const other = await createOrganization();
  const forged = { ...evil, domain: other.domain };
  await api.request('PATCH', `/v1/identity-providers/${evil.providerId}`, {
    as: evil.as,
    body: { allowedDomains: [other.domain] },
  });
  expect((await signInAtProvider(forged, accountOf(forged))).error).toBe('OAUTH_UNKNOWN_PERSON');
  expect(await membersOf(evil)).toEqual([]);
  expect((await users.login(user.email)).status).toBe(200);
});

test('auto-join: after the DNS record is removed no user joins, members stay', async () => {
  const organization = await createOrganization();
  const account = accountOf(organization);
  await signIn(organization, account);
  dns.unpublish(`_insightdesk.${organization.domain}`);
  expect((await signInAtProvider(organization, accountOf(organization))).error).toBe(
    'OAUTH_UNKNOWN_PERSON',
  );
  await signIn(organization, account);
});

test('auto-join: a removed member cannot join again, also with another subject', async () => {
  const organization = await createOrganization();
  const account = accountOf(organization);
  const { user } = await signIn(organization, account);
  const gone = await api.request('DELETE', `/v1/members/${user.id}`, { as: organization.as });
  expect(gone.status).toBe(204);
  for (const sub of [account.sub, 'another subject']) {
    expect((await signInAtProvider(organization, { ...account, sub })).error).toBe(
      'OAUTH_UNKNOWN_PERSON',
    );
  }
  expect(await membersOf(organization)).toEqual([]);
});

test('auto-join: two concurrent first sign-ins create one member', async () => {
  const organization = await createOrganization();
  const account = accountOf(organization);
  const callbacks = [
    await prepareCallback(organization, account),
    await prepareCallback(organization, account),
  ];
  const results = await Promise.all(callbacks.map((completeCallback) => completeCallback()));
  expect(results.map(({ error }) => error)).toEqual([null, null]);
  expect(await membersOf(organization)).toHaveLength(1);
});

test('auto-join: concurrent first sign-ins of a member by a new subject all succeed', async () => {
  const organization = await createOrganization();
  const account = accountOf(organization);
  await signIn(organization, account);
  const same = { ...account, sub: 'another subject' };
  await api.context.database.write({ tenantId: organization.organizationId }, (tx) =>
    tx.execute('delete from identity_links'),
  );
  const callbacks = await Promise.all(
    Array.from({ length: 6 }, () => prepareCallback(organization, same)),
  );
  const results = await Promise.all(callbacks.map((completeCallback) => completeCallback()));
  expect(results.map(({ error }) => error)).toEqual(callbacks.map(() => null));
});

test('auto-join: an existing verified account joins with its second factor', async () => {
  const organization = await createOrganization();
  const user = await users.registerWithTwoFactor();
  const email = `${newId('usr')}@${organization.domain}`;
  await admin`update users set email = ${email} where id = ${toUuid(user.user.id)}`;
  const account = { ...accountOf(organization), email };
  const { token, verifier } = await signInAtProvider(organization, account);
  expect((await exchange({ token, verifier })).status).toBe(401);
  const entered = await signIn(organization, account, { code: totpCode(user.secret, 1) });
  expect(entered.user.id).toBe(user.user.id);
});

test('auto-join: an unverified account with the address is not used', async () => {
  const organization = await createOrganization();
  const unverified = await users.registerUnverified();
  const email = `${newId('usr')}@${organization.domain}`;
  await admin`update users set email = ${email} where id = ${toUuid(unverified.user.id)}`;
  const entered = await signIn(organization, { ...accountOf(organization), email });
  expect(entered.user.id).not.toBe(unverified.user.id);
});

test('auto-join: 409 QUOTA_EXCEEDED when no seat is free', async () => {
  const organization = await createOrganization();
  const system = { kind: 'system', name: 'test' } as const;
  const ctx = { ...api.context, actor: system, tenantId: organization.organizationId };
  await updateQuota(ctx, { metric: 'seats', value: 1 });
  expect((await signInAtProvider(organization, accountOf(organization))).error).toBe(
    'QUOTA_EXCEEDED',
  );
  expect(await membersOf(organization)).toEqual([]);
});

test('auto-join: owner and admin are not allowed as roles', async () => {
  const { as, providerId } = await createOrganization();
  for (const autoJoin of ['owner', 'admin']) {
    const path = `/v1/identity-providers/${providerId}`;
    expect((await api.request('PATCH', path, { as, body: { autoJoin } })).status).toBe(422);
  }
});

test('DNS lookup: an unresponsive server times out with no records', async () => {
  const silent = await Bun.udpSocket({ hostname: '127.0.0.1', socket: { data() {} } });
  const texts = createTxtResolver({ servers: [`127.0.0.1:${silent.port}`], timeoutMs: 200 });
  expect(await texts('_insightdesk.example.com')).toEqual([]);
  silent.close();
});
