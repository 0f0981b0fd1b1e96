import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { setQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { createDnsTexts, createSafeFetch } from '@insightdesk/shared/security';
import { newId } from '@insightdesk/shared/utils';
import { startDnsServer } from '../../testing/dns-server.ts';
import { createIntegrationApi } from '../../testing/integration-api.ts';
import { client, startOidcProvider } from '../../testing/oidc-provider.ts';
import { createTestUsers, type SignedIn, totpCode } from '../../testing/test-users.ts';

type WholeApi = ReturnType<typeof createIntegrationApi>;
let dns: Awaited<ReturnType<typeof startDnsServer>>;
let oidc: Awaited<ReturnType<typeof startOidcProvider>>;
const outbound = createSafeFetch({ allowPrivate: true });
const dnsTexts = (name: string) => createDnsTexts({ servers: [dns.address] })(name);
const api: WholeApi = createIntegrationApi(undefined, {
  context: (call) => ({
    ...api.context,
    security: { ...api.context.security, outbound, dnsTexts },
    ...call,
  }),
});
const people = createTestUsers(api);
const { publicUrl } = api.options.config.http;
const redirectTo = `${publicUrl}/signed-in`;
beforeAll(async () => {
  dns = await startDnsServer();
  oidc = await startOidcProvider(`${publicUrl}/v1/auth/oauth/callback`);
});
afterAll(async () => {
  oidc.close();
  dns.close();
  await api.close();
});

/** An organisation that takes in whoever its provider vouches for, and whose domain says so. */
async function opened(more: object = {}) {
  const owner = await people.register();
  const as = owner.accessToken;
  const domain = `${newId('org').slice(4)}.example`;
  const body = {
    name: 'Company login',
    issuer: oidc.issuer,
    clientId: client.id,
    clientSecret: client.secret,
    allowedDomains: [domain],
    autoJoin: 'agent',
    ...more,
  };
  const added = await api.request('POST', '/v1/identity-providers', { as, body });
  expect(added.status).toBe(201);
  const { id: providerId } = (await added.json()) as { id: string };
  const organizationId = owner.organization.id as Id<'org'>;
  dns.publish(`_insightdesk.${domain}`, `insightdesk-organization=${organizationId}`);
  return { owner, as, domain, providerId, organizationId };
}
type Opened = Awaited<ReturnType<typeof opened>>;

const accountOf = ({ domain }: Pick<Opened, 'domain'>, more: object = {}) => {
  const email = `${newId('usr')}@${domain}`;
  return { sub: `subject of ${email}`, email, email_verified: true, ...more };
};
type Account = ReturnType<typeof accountOf>;

/** Goes to the provider and back; the token for a session, or what was wrong. */
async function visit({ organizationId, providerId }: Opened, account: Account) {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const query = new URLSearchParams({ organizationId, redirectTo, challenge });
  const begun = await api.request('GET', `/v1/auth/oauth/${providerId}/start?${query}`);
  const Cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const back = await oidc.visit(begun.headers.get('Location') ?? '', account);
  const comeBack = async () => {
    const headers = { Cookie };
    const response = await api.request('GET', `${back.pathname}${back.search}`, { headers });
    const at = new URL(response.headers.get('Location') ?? '');
    const told = new URLSearchParams(at.hash.slice(1));
    return { verifier, token: told.get('token') ?? '', error: told.get('error') };
  };
  return comeBack;
}

const wayThrough = async (where: Opened, account: Account) => (await visit(where, account))();

async function enter(where: Opened, account: Account, code?: string) {
  const { token, verifier, error } = await wayThrough(where, account);
  expect(error).toBeNull();
  const body = { token, verifier, ...(code && { code }) };
  const response = await api.request('POST', '/v1/auth/oauth/exchange', { body });
  expect(response.status).toBe(200);
  return (await response.json()) as SignedIn;
}

async function membersOf({ as }: Opened) {
  const list = await api.request('GET', '/v1/members', { as });
  const { items } = (await list.json()) as {
    items: { id: Id<'usr'>; email: string; role: string }[];
  };
  return items.filter(({ role }) => role !== 'owner');
}

test.each(['agent', 'customer'])(
  'somebody new becomes a member as %s, by an account of his own',
  async (role) => {
    const where = await opened({ autoJoin: role });
    const account = accountOf(where, { email_verified: true, name: 'Ada Lovelace' });
    const first = await enter(where, account);
    const again = await enter(where, account);
    expect(again.user.id).toBe(first.user.id);
    expect(await membersOf(where)).toMatchObject([
      { id: first.user.id, email: account.email, role },
    ]);
    const me = await api.request('GET', '/v1/me', { as: first.accessToken });
    expect(await me.json()).toMatchObject({ role, user: { emailVerified: true } });
    const told = await api.context.database.read({ tenantId: where.organizationId }, (tx) =>
      tx.execute<{ payload: object }>(`select payload from outbox where name = 'member.joined'`),
    );
    expect(told.map(({ payload }) => payload)).toMatchObject([{ userId: first.user.id, role }]);
  },
);

test.each([
  ['the provider takes nobody in', { autoJoin: null }, {}],
  ['the address is not verified', {}, { email_verified: false }],
  ['the domain is not allowed', { allowedDomains: ['example.org'] }, {}],
])('nobody joins while %s', async (_, provider, about) => {
  const where = await opened(provider);
  const { error } = await wayThrough(where, { ...accountOf(where), ...about });
  expect(error).toBe('OAUTH_UNKNOWN_PERSON');
  expect(await membersOf(where)).toEqual([]);
});

test('an organisation whose provider lies about a domain gets nobody, and takes no address', async () => {
  const victim = await people.register();
  const evil = await opened({ allowedDomains: ['example.com', 'gmail.example'] });
  for (const email of [victim.email, 'somebody@gmail.example']) {
    const { error } = await wayThrough(evil, { ...accountOf(evil), email });
    expect(error).toBe('OAUTH_UNKNOWN_PERSON');
  }
  expect(dns.asked).toContain('_insightdesk.gmail.example');
  const other = await opened();
  const stolen = { ...evil, domain: other.domain };
  await api.request('PATCH', `/v1/identity-providers/${evil.providerId}`, {
    as: evil.as,
    body: { allowedDomains: [other.domain] },
  });
  expect((await wayThrough(stolen, accountOf(stolen))).error).toBe('OAUTH_UNKNOWN_PERSON');
  expect(await membersOf(evil)).toEqual([]);
  expect((await people.login(victim.email)).status).toBe(200);
});

test('the record counts at the moment: once it is withdrawn nobody new joins, members stay', async () => {
  const where = await opened();
  const account = accountOf(where);
  await enter(where, account);
  dns.withdraw(`_insightdesk.${where.domain}`);
  expect((await wayThrough(where, accountOf(where))).error).toBe('OAUTH_UNKNOWN_PERSON');
  await enter(where, account);
});

test('whoever was removed stays out, by the same identity and by another', async () => {
  const where = await opened();
  const account = accountOf(where);
  const { user } = await enter(where, account);
  const gone = await api.request('DELETE', `/v1/members/${user.id}`, { as: where.as });
  expect(gone.status).toBe(204);
  for (const sub of [account.sub, 'another subject']) {
    expect((await wayThrough(where, { ...account, sub })).error).toBe('OAUTH_UNKNOWN_PERSON');
  }
  expect(await membersOf(where)).toEqual([]);
});

test('two first sign-ins at once are one member', async () => {
  const where = await opened();
  const account = accountOf(where);
  const ways = [await visit(where, account), await visit(where, account)];
  const arrived = await Promise.all(ways.map((comeBack) => comeBack()));
  expect(arrived.map(({ error }) => error)).toEqual([null, null]);
  expect(await membersOf(where)).toHaveLength(1);
});

test('a member who comes by the provider for the first time comes by many browsers at once', async () => {
  const where = await opened();
  const account = accountOf(where);
  await enter(where, account);
  const same = { ...account, sub: 'another subject' };
  await api.context.database.write({ tenantId: where.organizationId }, (tx) =>
    tx.execute('delete from identity_links'),
  );
  const ways = await Promise.all(Array.from({ length: 6 }, () => visit(where, same)));
  const arrived = await Promise.all(ways.map((comeBack) => comeBack()));
  expect(arrived.map(({ error }) => error)).toEqual(ways.map(() => null));
});

test('a verified account of the address joins, and is asked for its second factor', async () => {
  const where = await opened();
  const person = await people.registerGuarded();
  const email = `${newId('usr')}@${where.domain}`;
  await api.context.database.write({}, (tx) =>
    tx.execute(`update users set email = '${email}' where id = '${toUuid(person.user.id)}'`),
  );
  const account = { ...accountOf(where), email };
  const { token, verifier } = await wayThrough(where, account);
  const body = { token, verifier };
  expect((await api.request('POST', '/v1/auth/oauth/exchange', { body })).status).toBe(401);
  const entered = await enter(where, account, totpCode(person.secret, 1));
  expect(entered.user.id).toBe(person.user.id);
});

test('an account that only claims the address is left alone', async () => {
  const where = await opened();
  const squatter = await people.claim();
  const email = `${newId('usr')}@${where.domain}`;
  await api.context.database.write({}, (tx) =>
    tx.execute(`update users set email = '${email}' where id = '${toUuid(squatter.user.id)}'`),
  );
  const entered = await enter(where, { ...accountOf(where), email });
  expect(entered.user.id).not.toBe(squatter.user.id);
});

test('seats are counted', async () => {
  const where = await opened();
  const system = { kind: 'system', name: 'test' } as const;
  const ctx = { ...api.context, actor: system, tenantId: where.organizationId };
  await setQuota(ctx, { metric: 'seats', value: 1 });
  expect((await wayThrough(where, accountOf(where))).error).toBe('QUOTA_EXCEEDED');
  expect(await membersOf(where)).toEqual([]);
});

test('nobody becomes an owner or an admin by it', async () => {
  const { as, providerId } = await opened();
  for (const autoJoin of ['owner', 'admin']) {
    const path = `/v1/identity-providers/${providerId}`;
    expect((await api.request('PATCH', path, { as, body: { autoJoin } })).status).toBe(422);
  }
});

test('a name server that does not answer is no proof, and keeps nobody waiting', async () => {
  const silent = await Bun.udpSocket({ hostname: '127.0.0.1', socket: { data() {} } });
  const texts = createDnsTexts({ servers: [`127.0.0.1:${silent.port}`], timeoutMs: 200 });
  expect(await texts('_insightdesk.example.com')).toEqual([]);
  silent.close();
});
