import { afterAll, describe, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { deleteExpired } from '@insightdesk/shared/domain/identity/customer-sign-in';
import { totpCode } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { routes } from '../../routes.ts';
import { createCustomerApi } from '../../testing/customer-api.ts';
import { expectError } from '../../testing/expect-error.ts';
import { testDocumentedResponses } from '../../testing/integration-api.ts';
import { routeName, validRequest } from '../../testing/requests.ts';
import { createTestUsers } from '../../testing/test-users.ts';

const customers = await createCustomerApi();
const { api, admin, post, read, signIn, address, visit, requestCode, verifyCode, newCode } =
  customers;
const { exchange, openConversation, subjectsOf, getContact, statusOf } = customers;
const [own, others] = await Promise.all([
  customers.createOrganization(),
  customers.createOrganization(),
]);
const users = createTestUsers(api);
afterAll(() => customers.close());

const cookieMode = { Origin: api.options.config.http.publicUrl, 'X-Session-Mode': 'cookie' };
const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

/** A customer with an account that has a second factor. */
async function registerCustomer() {
  const user = await users.registerWithTwoFactor();
  await admin`insert into members (tenant_id, user_id, role)
    values (${toUuid(own.organizationId)}, ${toUuid(user.user.id)}, 'customer')`;
  return user;
}

describe('sessions of customer sign-in', () => {
  test('401 for a wrong token, and for an ended session of a visitor; 403 for a blocked contact', async () => {
    await expectError(exchange('x'), 401, 'IDENTITY_TOKEN_INVALID');
    await expectError(exchange(own.issue(), { as: 'x' }), 401, 'TOKEN_INVALID');
    const { user } = await signIn(own, { sub: 'gone' });
    const body = { blocked: true };
    await api.request('PATCH', `/v1/contacts/${user.id}`, { as: own.agent, body });
    await expectError(exchange(own.issue({ sub: 'gone' })), 403, 'CONTACT_BLOCKED');
  });

  test('contact sessions refresh and log out, and are limited to their organization', async () => {
    const { accessToken, refreshToken } = await signIn(own, { sub: 'limited' });
    const refreshed = await read(post('/v1/auth/refresh', { refreshToken }));
    for (const as of [accessToken, refreshed.accessToken]) {
      const served: string[] = [];
      for (const route of routes.filter(({ allow }) => allow.startsWith('account:'))) {
        if (route.path === '/v1/auth/logout') continue;
        const { path, ...options } = validRequest(route);
        const response = await api.request(route.method, path, { ...options, as });
        const body = await response.text();
        if (response.status !== 403) served.push(routeName(route));
        else expect(body).toContain('"CONTACT_SESSION"');
      }
      expect(served.toSorted()).toEqual([
        'GET /v1/me',
        'GET /v1/me/preferences',
        'GET /v1/organization',
        'GET /v1/permissions',
        'GET /v1/permissions/explain',
        'PATCH /v1/me/preferences',
      ]);
    }
    const logout = await api.request('POST', '/v1/auth/logout', { as: refreshed.accessToken });
    expect(logout.status).toBe(204);
    expect(await statusOf(accessToken)).toBe(401);
  });

  test('an organization cannot act elsewhere as a customer who has an account', async () => {
    const holder = await registerCustomer();
    const claims = { sub: 'holder', email: holder.email, email_verified: true };
    const { user, accessToken: as } = await signIn(own, claims);
    expect(user.id).toBe(holder.user.id);
    const body = { organizationId: holder.organization.id };
    await expectError(post('/v1/auth/switch', body, { as }), 403, 'CONTACT_SESSION');
    await expectError(api.request('GET', '/v1/members', { as }), 403, 'FORBIDDEN');
  });

  test('contact sessions need no second factor where the organization requires one of accounts', async () => {
    const strict = await customers.createOrganization();
    await users.setTwoFactorRequired(strict.owner);
    const { accessToken } = await signIn(strict);
    expect(await statusOf(accessToken)).toBe(200);
  });

  test('every method sets cookies on request', async () => {
    const email = address();
    const code = await newCode(own, email);
    const options = { headers: cookieMode };
    const { organizationId } = own;
    for (const response of [
      await exchange(own.issue(), options),
      await post('/v1/auth/customers/code/verify', { organizationId, email, code }, options),
      await post('/v1/auth/customers/anonymous', { organizationId }, options),
    ]) {
      expect([response.status, response.headers.getSetCookie().length]).toEqual([204, 2]);
    }
  });
});

describe('sessions created by API keys', () => {
  const sessionOf = (id: string, as: string) => post(`/v1/contacts/${id}/sessions`, {}, { as });
  const permissions = ['contacts:act', 'contacts:read', 'conversations:read'];

  test('POST /v1/contacts/{id}/sessions: 201, recorded with key and contact', async () => {
    const key = await customers.createApiKey(own, permissions);
    const { user } = await signIn(own, { sub: 'by-key' });
    const created = await sessionOf(user.id, key);
    expect(created.status).toBe(201);
    const { accessToken } = await read(created);
    expect((await read(api.request('GET', '/v1/me', { as: accessToken }))).user.id).toBe(user.id);
    const [event] = await admin`select payload, origin from outbox
      where name = 'contact.acted-for' and tenant_id = ${toUuid(own.organizationId)}`;
    expect(event).toMatchObject({
      payload: { contactId: user.id, action: 'session.created' },
      origin: { actor: { grant: { via: 'key' } } },
    });
  });

  test('404 for staff, unknown contacts and other organizations, 409 for blocked ones, 403 for users', async () => {
    const key = await customers.createApiKey(own, permissions);
    const { user } = await signIn(own, { sub: 'to-block' });
    const staff = await api.context.security.tokens.verifyAccess(own.agent);
    for (const id of [staff.userId, newId('usr')]) {
      await expectError(sessionOf(id, key), 404, 'NOT_FOUND');
    }
    const foreign = await customers.createApiKey(others, permissions);
    await expectError(sessionOf(user.id, foreign), 404, 'NOT_FOUND');
    await expectError(sessionOf(user.id, own.owner), 403, 'FORBIDDEN');
    const weak = await customers.createApiKey(own, ['contacts:read']);
    await expectError(sessionOf(user.id, weak), 403, 'FORBIDDEN');
    const block = { as: own.agent, body: { blocked: true } };
    await api.request('PATCH', `/v1/contacts/${user.id}`, block);
    await expectError(sessionOf(user.id, key), 409, 'CONTACT_BLOCKED');
  });
});

describe('codes by email', () => {
  test('a code signs in the contact of the address, which is verified then', async () => {
    const email = address();
    const known = await read<{ id: string }>(
      post('/v1/contacts', { name: 'Known', email }, { as: own.agent }),
    );
    const response = await verifyCode(own, { email, code: await newCode(own, email) });
    expect(response.status).toBe(200);
    expect((await read(response)).user.id).toBe(known.id as never);
    expect(await getContact(own, known.id)).toMatchObject({
      addresses: [{ address: email, verified: true }],
    });
  });

  test('a code for an unknown address creates a contact; the event contains neither code nor address', async () => {
    const email = address();
    const code = await newCode(own, email);
    const { user } = await read(verifyCode(own, { email, code, name: 'New Person' }));
    expect(await getContact(own, user.id)).toMatchObject({ name: 'New Person' });
    const again = await read(verifyCode(own, { email, code: await newCode(own, email) }));
    expect(again.user.id).toBe(user.id);
    const events = await admin`select payload from outbox where name = 'sign-in-code.requested'`;
    expect(JSON.stringify(events)).not.toContain(email);
    expect(Object.keys(events[0]?.payload)).toEqual(['codeId']);
  });

  test('the same 202 for unknown and other organizations, which create no code', async () => {
    const email = address();
    const off = await api.createTenant();
    const { tenantId } = await api.context.security.tokens.verifyAccess(off.owner);
    for (const organizationId of [own.organizationId, tenantId, newId('org')]) {
      const response = await requestCode({ organizationId }, email);
      expect([response.status, await response.json()]).toEqual([202, { accepted: true }]);
    }
    const rows = await admin`select tenant_id from sign_in_codes where address = ${email}`;
    expect(rows).toHaveLength(1);
  });

  test('the same 401 for a wrong code, an unknown address and another organization', async () => {
    const email = address();
    const code = await newCode(own, email);
    for (const [organization, body] of [
      [own, { email, code: wrong(code) }],
      [own, { email: address(), code }],
      [others, { email, code }],
      [{ organizationId: newId('org') }, { email, code }],
    ] as const) {
      const response = await expectError(verifyCode(organization, body), 401, 'CODE_INVALID');
      expect(response.headers.get('Set-Cookie')).toBeNull();
    }
    expect((await verifyCode(own, { email, code })).status).toBe(200);
    await expectError(verifyCode(own, { email, code }), 401, 'CODE_INVALID');
  });

  test('guessing: five wrong codes end all codes of the address, also of concurrent requests', async () => {
    const email = address();
    const code = await newCode(own, email);
    const guesses = Array.from({ length: 20 }, () => verifyCode(own, { email, code: wrong(code) }));
    const statuses = new Set((await Promise.all(guesses)).map(({ status }) => status));
    expect([...statuses]).toEqual([401]);
    await expectError(verifyCode(own, { email, code }), 401, 'CODE_INVALID');
    const [row] = await admin`select failures from sign_in_codes where address = ${email}`;
    expect(row?.failures).toBe(5);
  });

  test('an address has at most three live codes and ten a day, also of concurrent requests', async () => {
    const email = address();
    await Promise.all(Array.from({ length: 8 }, () => requestCode(own, email)));
    expect(await customers.codesOf(own, email)).toHaveLength(3);
    for (let n = 0; n < 12; n++) {
      await admin`update sign_in_codes set used_at = now() where address = ${email}`;
      await requestCode(own, email);
    }
    expect(await customers.codesOf(own, email)).toHaveLength(10);
  });

  test('a code works once of ten concurrent requests, and not after ten minutes', async () => {
    const email = address();
    const code = await newCode(own, email);
    const uses = Array.from({ length: 10 }, () => verifyCode(own, { email, code }));
    const statuses = (await Promise.all(uses)).map(({ status }) => status).toSorted();
    expect(statuses).toEqual([200, ...Array(9).fill(401)]);
    const late = await newCode(own, email);
    await admin`update sign_in_codes set expires_at = now() where address = ${email}`;
    await expectError(verifyCode(own, { email, code: late }), 401, 'CODE_INVALID');
  });

  test('an account with a second factor needs it; the code survives until then', async () => {
    const customer = await registerCustomer();
    const { email } = customer;
    const code = await newCode(own, email);
    await expectError(verifyCode(own, { email, code }), 401, 'TWO_FACTOR_REQUIRED');
    const twoFactorCode = totpCode(customer.secret, 1);
    const { user } = await read(verifyCode(own, { email, code, twoFactorCode }));
    expect(user.id).toBe(customer.user.id);
  });

  test('403 for a blocked contact, 401 for an address of a customer who is staff now', async () => {
    const [blocked, staff] = [address(), address()];
    for (const email of [blocked, staff]) {
      await verifyCode(own, { email, code: await newCode(own, email) });
    }
    await admin`update members m set removed_at = now() from contact_addresses a
      where a.contact_id = m.user_id and a.address = ${blocked}`;
    await admin`update members m set role = 'agent' from contact_addresses a
      where a.contact_id = m.user_id and a.address = ${staff}`;
    const of = async (email: string) => verifyCode(own, { email, code: await newCode(own, email) });
    await expectError(of(blocked), 403, 'CONTACT_BLOCKED');
    await expectError(of(staff), 401, 'CODE_INVALID');
  });
});

describe('anonymous visitors', () => {
  test('a visitor writes, and reads nothing of the owner of an address that it claims', async () => {
    const email = address();
    const owner = await signIn(own, { sub: 'claimed', email, email_verified: true });
    await openConversation(owner.accessToken, 'private');
    const visitor = await read(visit(own, { name: 'Guest', email }));
    expect(visitor.user.id).not.toBe(owner.user.id);
    await openConversation(visitor.accessToken, 'question');
    expect(await subjectsOf(visitor.accessToken)).toEqual(['question']);
    expect(await getContact(own, visitor.user.id)).toMatchObject({
      anonymous: true,
      name: 'Guest',
      addresses: [{ address: email, verified: false }],
    });
    const unidentified = await signIn(own, { sub: 'other', email });
    expect(await subjectsOf(unidentified.accessToken)).toEqual([]);
  });

  test('403 where visitors are disabled, the same for unknown organizations', async () => {
    const off = await api.createTenant();
    const { tenantId } = await api.context.security.tokens.verifyAccess(off.owner);
    for (const organizationId of [tenantId, newId('org')]) {
      await expectError(visit({ organizationId }), 403, 'VISITORS_DISABLED');
    }
  });

  test('a visitor who identifies becomes the contact, and its session ends', async () => {
    const known = await signIn(own, { sub: 'returning' });
    await openConversation(known.accessToken, 'before');
    const email = address();
    for (const identify of [
      (as: string) => exchange(own.issue({ sub: 'returning' }), { as }),
      async (as: string) => verifyCode(own, { email, code: await newCode(own, email), as }),
    ]) {
      const visitor = await read(visit(own));
      await openConversation(visitor.accessToken, 'as a visitor');
      const identified = await read(identify(visitor.accessToken));
      expect(await subjectsOf(identified.accessToken)).toContain('as a visitor');
      expect(await statusOf(visitor.accessToken)).toBe(401);
      expect(await getContact(own, visitor.user.id)).toMatchObject({
        mergedInto: identified.user.id,
      });
    }
    expect(await subjectsOf(known.accessToken)).toEqual(['as a visitor', 'before']);
  });

  test('a session of one contact and a token of another never merge', async () => {
    const a = await signIn(own, { sub: 'a' });
    await openConversation(a.accessToken, 'of a');
    const email = address();
    const as = a.accessToken;
    const b = await signIn(own, { sub: 'b' }, { as });
    const c = await read(verifyCode(own, { email, code: await newCode(own, email), as }));
    for (const { user, accessToken } of [b, c]) {
      expect(user.id).not.toBe(a.user.id);
      expect(await subjectsOf(accessToken)).toEqual([]);
    }
    expect(await subjectsOf(a.accessToken)).toEqual(['of a']);
  });

  test('a visitor of one organization is not merged in another one', async () => {
    const visitor = await read(visit(own));
    await signIn(others, { sub: 'elsewhere' }, { as: visitor.accessToken });
    expect(await statusOf(visitor.accessToken)).toBe(200);
  });

  test('a visitor who identifies twice at once is merged once', async () => {
    const visitor = await read(visit(own));
    await openConversation(visitor.accessToken, 'once');
    const as = visitor.accessToken;
    const signedIn = await Promise.all(
      ['twice-1', 'twice-2'].map((sub) => exchange(own.issue({ sub }), { as })),
    );
    const subjects = await Promise.all(
      signedIn.map(async (response) => subjectsOf((await read(response)).accessToken)),
    );
    expect(subjects.toSorted()).toEqual([[], ['once']]);
  });

  test('an organization has a bounded number of visitors per network and day', async () => {
    const { organizationId } = await customers.createOrganization();
    await admin`update daily_counts set count = 100 where key like 'visitors:%'`;
    expect((await visit({ organizationId })).status).toBe(200);
    await admin`update daily_counts set count = 100 where key like 'visitors:%'`;
    const response = await expectError(visit({ organizationId }), 429, 'TOO_MANY_VISITORS');
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
  });
});

test('cleanup: visitors who wrote nothing for seven days, used tokens and old codes are deleted', async () => {
  const desk = await customers.createOrganization();
  const [silent, writer, recent] = [
    await read(visit(desk, { email: address() })),
    await read(visit(desk)),
    await read(visit(desk)),
  ];
  await openConversation(writer.accessToken, 'written');
  await exchange(desk.issue({ jti: 'old' }));
  await exchange(desk.issue({ jti: 'new' }));
  await newCode(desk, address());
  const tenant = toUuid(desk.organizationId as never);
  await admin`update contacts set created_at = now() - interval '8 days' where tenant_id = ${tenant}
    and user_id <> ${toUuid(recent.user.id)}`;
  await admin`update used_identity_tokens set expires_at = now() - interval '1 second'
    where ctid = (select min(ctid) from used_identity_tokens where tenant_id = ${tenant})`;
  await admin`update sign_in_codes set expires_at = now() - interval '2 days' where tenant_id = ${tenant}`;
  const system = { ...api.context, actor: { kind: 'system', name: 'test' } as const };
  const { signal } = new AbortController();
  expect(await deleteExpired(system, { signal })).toMatchObject({
    tokens: 1,
    codes: 1,
    visitors: 1,
  });
  expect(await statusOf(silent.accessToken)).toBe(401);
  for (const { accessToken } of [writer, recent]) expect(await statusOf(accessToken)).toBe(200);
  expect(await admin`select id from users where id = ${toUuid(silent.user.id)}`).toHaveLength(0);
});

testDocumentedResponses(api, 'customer-sign-in');
