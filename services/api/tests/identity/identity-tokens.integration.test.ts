import { afterAll, describe, expect, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { newId } from '@insightdesk/shared/utils';
import { createCustomerApi, issueToken } from '../../testing/customer-api.ts';
import { expectError } from '../../testing/expect-error.ts';
import { testDocumentedResponses } from '../../testing/integration-api.ts';

const customers = await createCustomerApi();
const { api, post, read, exchange, signIn, address, getContact } = customers;
const [own, others] = await Promise.all([
  customers.createOrganization(),
  customers.createOrganization(),
]);
afterAll(() => customers.close());

const refuse = (token: string) => expectError(exchange(token), 401, 'IDENTITY_TOKEN_INVALID');
const pair = generateKeyPairSync('ed25519');
const pem = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const ed25519 = { name: 'Ed', algorithm: 'EdDSA' };
const keysOf = async (as = own.owner) =>
  (await read<{ items: { id: string }[] }>(api.request('GET', '/v1/identity-keys', { as }))).items;
const revoke = (id: string, as = own.owner) =>
  api.request('DELETE', `/v1/identity-keys/${id}`, { as });

describe('identity keys', () => {
  test('POST: the secret is returned once and encrypted at rest', async () => {
    const { key } = own;
    expect(Buffer.from(key.secret, 'base64url')).toHaveLength(32);
    expect(JSON.stringify(await keysOf())).not.toContain(key.secret);
    const rows = await customers.admin`select secret from identity_keys where secret is not null`;
    expect(rows.every(({ secret }) => secret.startsWith('sec1.'))).toBe(true);
  });

  test('POST: public keys as PEM and as JWK; 422 for other and private keys', async () => {
    const jwk = pair.publicKey.export({ format: 'jwk' });
    for (const publicKey of [pem, { ...jwk, alg: 'EdDSA', use: 'sig' }]) {
      const created = await read<object>(
        post('/v1/identity-keys', { ...ed25519, publicKey }, { as: others.owner }),
      );
      expect(created).toMatchObject({ secret: null, publicKey: jwk });
    }
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey;
    for (const body of [
      ed25519,
      { ...ed25519, publicKey: 'x' },
      { ...ed25519, publicKey: {} },
      { ...ed25519, publicKey: rsa.export({ format: 'pem', type: 'spki' }) },
      { ...ed25519, publicKey: rsa.export({ format: 'jwk' }) },
      { ...ed25519, publicKey: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }) },
      { ...ed25519, publicKey: pair.privateKey.export({ format: 'jwk' }) },
      { name: 'H', algorithm: 'HS256', publicKey: pem },
      { name: 'N', algorithm: 'none' },
    ]) {
      const response = post('/v1/identity-keys', body, { as: own.owner });
      await expectError(response, 422, 'VALIDATION_FAILED');
    }
  });

  test('at most ten are active, also of concurrent calls; a revoked one makes room', async () => {
    const { owner } = await customers.createOrganization();
    const create = () =>
      post('/v1/identity-keys', { name: 'K', algorithm: 'HS256' }, { as: owner });
    const created = await Promise.all(Array.from({ length: 12 }, create));
    expect(created.filter(({ status }) => status === 201)).toHaveLength(9);
    await expectError(create(), 409, 'TOO_MANY_IDENTITY_KEYS');
    const [{ id } = { id: '' }] = await keysOf(owner);
    expect((await revoke(id, owner)).status).toBe(204);
    expect((await revoke(id, owner)).status).toBe(204);
    expect((await create()).status).toBe(201);
  });

  test('403 for others than owners, 404 for keys of other organizations', async () => {
    for (const as of [own.admin, own.agent, own.customer]) {
      await expectError(revoke(own.key.id, as), 403, 'FORBIDDEN');
    }
    await expectError(revoke(own.key.id, others.owner), 404, 'NOT_FOUND');
    expect((await keysOf(others.owner)).map(({ id }) => id)).not.toContain(own.key.id);
  });
});

describe('identity tokens', () => {
  test('POST /v1/auth/customers: the same contact each time, with what the token says', async () => {
    const claims = { sub: 'ann', name: 'Ann', locale: 'de', zoneinfo: 'Europe/Berlin' };
    const first = await signIn(own, claims);
    const second = await signIn(own, { ...claims, name: 'Ann Lee', picture: 'https://x.test/a' });
    expect(second.user.id).toBe(first.user.id);
    expect(await getContact(own, first.user.id)).toMatchObject({
      externalId: 'ann',
      name: 'Ann Lee',
      avatarUrl: 'https://x.test/a',
      language: 'de',
      timeZone: 'Europe/Berlin',
      hasLogin: false,
    });
    const me = await api.request('GET', '/v1/me', { as: second.accessToken });
    expect(await me.json()).toMatchObject({ role: 'customer', user: { id: first.user.id } });
  });

  test('ten concurrent sign-ins of a new customer create one contact', async () => {
    const claims = { sub: 'race', email: address(), email_verified: true };
    const signedIn = await Promise.all(Array.from({ length: 10 }, () => signIn(own, claims)));
    expect(new Set(signedIn.map(({ user }) => user.id)).size).toBe(1);
  });

  test('keys rotate: both sign until the old one is revoked', async () => {
    const next = await own.createKey();
    const former = await own.createKey();
    for (const key of [next, former]) expect((await exchange(own.issue({}, key))).status).toBe(200);
    const { accessToken } = await read(exchange(own.issue({}, former)));
    await revoke(former.id);
    await refuse(own.issue({}, former));
    expect((await exchange(own.issue({}, next))).status).toBe(200);
    expect(await customers.statusOf(accessToken)).toBe(200);
  });

  test('EdDSA: signs in; the text of the public key is no secret', async () => {
    const { id: kid } = await own.createKey({ ...ed25519, publicKey: pem });
    const claims = own.claimsOf({ sub: 'ed' });
    expect((await exchange(issueToken(claims, { kid }, pair.privateKey))).status).toBe(200);
    for (const text of [pem, pem.trim()]) {
      await refuse(issueToken(claims, { kid }, text));
      await refuse(issueToken(claims, { kid, alg: 'EdDSA' }, text));
    }
    await refuse(issueToken(claims, { kid: own.key.id }, pair.privateKey));
  });

  test('401 for stolen, expired, long-lived, misdirected and forged tokens', async () => {
    const now = Math.floor(Date.now() / 1000);
    const [head, body, signature] = own.issue().split('.');
    const { kid } = { kid: own.key.id };
    for (const token of [
      own.issue({ exp: now - 1 }),
      own.issue({ nbf: now + 600 }),
      own.issue({ exp: now + 7_200 }),
      own.issue({ aud: others.organizationId }),
      own.issue({ aud: newId('org') }),
      own.issue({}, others.key),
      others.issue({ aud: own.organizationId }),
      own.issue({}, { id: others.key.id, secret: own.key.secret }),
      own.issue({}, { id: newId('idk'), secret: own.key.secret }),
      issueToken(own.claimsOf({}), { kid, alg: 'none' }, own.key.secret),
      `${head}.${body}.`,
      `${head}.${body}.${signature}x`,
      `${head}.${Buffer.from(JSON.stringify(own.claimsOf({ sub: 'x' }))).toString('base64url')}.${signature}`,
      issueToken(own.claimsOf({}), { kid, crit: ['exp'] }, own.key.secret),
      issueToken(own.claimsOf({}), { kid, jwk: {} }, own.key.secret),
      own.customer,
      '',
    ]) {
      const response = await refuse(token);
      expect(response.headers.get('Set-Cookie')).toBeNull();
    }
    await expectError(exchange('x'.repeat(8_193)), 422, 'VALIDATION_FAILED');
    await expectError(exchange('x'.repeat(20_000)), 413, 'PAYLOAD_TOO_LARGE');
  });

  test('a jti works once, also of ten concurrent requests', async () => {
    const token = own.issue({ sub: 'once', jti: 'a-1' });
    const responses = await Promise.all(Array.from({ length: 10 }, () => exchange(token)));
    const statuses = responses.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([200, ...Array(9).fill(401)]);
    await refuse(own.issue({ sub: 'once', jti: 'a-1' }));
    expect((await exchange(own.issue({ sub: 'once', jti: 'a-2' }))).status).toBe(200);
    expect((await exchange(others.issue({ sub: 'once', jti: 'a-1' }))).status).toBe(200);
  });

  test('403 for a blocked contact, 401 for a customer who is staff now', async () => {
    const blocked = await signIn(own, { sub: 'blocked' });
    const path = `/v1/contacts/${blocked.user.id}`;
    await api.request('PATCH', path, { as: own.agent, body: { blocked: true } });
    await expectError(exchange(own.issue({ sub: 'blocked' })), 403, 'CONTACT_BLOCKED');
    expect(await customers.statusOf(blocked.accessToken)).toBe(401);

    const staff = await signIn(own, { sub: 'staff' });
    const member = `/v1/members/${staff.user.id}`;
    await api.request('PATCH', member, { as: own.owner, body: { role: 'agent' } });
    await refuse(own.issue({ sub: 'staff' }));
  });
});

describe('addresses in identity tokens', () => {
  const openFor = async (email: string) =>
    read<{ id: string }>(post('/v1/contacts', { name: 'Known', email }, { as: own.agent }));

  test('a claimed address leads to no other contact, a verified one adopts it', async () => {
    const email = address();
    const known = await openFor(email);
    const mallory = await signIn(own, { sub: 'mallory', email });
    expect(mallory.user.id).not.toBe(known.id as never);
    const falsely = await signIn(own, { sub: 'mallory', email, email_verified: 'true' });
    expect(falsely.user.id).toBe(mallory.user.id);
    const owner = await signIn(own, { sub: 'owner', email, email_verified: true });
    expect(owner.user.id).toBe(known.id as never);
    expect(await getContact(own, mallory.user.id)).toMatchObject({
      addresses: [{ address: email, verified: false }],
    });
  });

  test('a verified address merges the contact that staff opened by it', async () => {
    const { user } = await signIn(own, { sub: 'late' });
    const email = address();
    const known = await openFor(email);
    const signedIn = await signIn(own, { sub: 'late', email, email_verified: true });
    expect(signedIn.user.id).toBe(user.id);
    expect(await getContact(own, known.id)).toMatchObject({ mergedInto: user.id });
  });

  test('a verified address never merges a contact with another external id or with an account', async () => {
    const email = address();
    const one = await signIn(own, { sub: 'one', email, email_verified: true });
    const two = await signIn(own, { sub: 'two', email, email_verified: true });
    expect(two.user.id).not.toBe(one.user.id);
    expect(await getContact(own, one.user.id)).toMatchObject({ mergedInto: null });
    await customers.openConversation(one.accessToken, 'secret');
    expect(await customers.subjectsOf(two.accessToken)).toEqual([]);
  });
});

testDocumentedResponses(api, 'identity-keys');
