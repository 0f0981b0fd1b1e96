import { afterAll, describe, expect, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { type AuthenticatorOptions, createAuthenticator } from '@insightdesk/shared/testing';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';
import { createTestUsers, password, type SignedIn } from '../../testing/test-users.ts';

const api = createIntegrationApi();
afterAll(() => api.close());
const users = createTestUsers(api);
const { origin, hostname: host } = new URL(api.options.config.http.publicUrl);
const expectRefused = (response: Response) => expectError(response, 401, 'PASSKEY_REFUSED');

interface PasskeyOptions {
  token: string;
  options: { challenge: string; user: { id: string }; pubKeyCredParams?: { alg: number }[] };
}

const post = (path: string, body: object, as?: string, headers?: Record<string, string>) =>
  api.request('POST', `/v1/auth/passkeys${path}`, {
    body,
    ...(as && { as }),
    ...(headers && { headers }),
  });

async function registrationOptions(as: string) {
  const response = await post('/options', { password }, as);
  expect(response.status).toBe(200);
  return (await response.json()) as PasskeyOptions;
}

const signInOptions = async () =>
  (await (await post('/sign-in/options', {})).json()) as PasskeyOptions;

/** A user with a software passkey. */
async function registerUser() {
  const user = await users.register();
  const key = createAuthenticator({ origin, host });
  const { token, options } = await registrationOptions(user.accessToken);
  const created = await post(
    '',
    { token, response: key.create(options), name: 'Laptop' },
    user.accessToken,
  );
  expect(created.status).toBe(201);
  const { passkey, recoveryCodes } = (await created.json()) as {
    passkey: { id: string };
    recoveryCodes: string[];
  };
  return { ...user, as: user.accessToken, key, passkey, recoveryCodes };
}
type Key = ReturnType<typeof createAuthenticator>;

async function signIn(key: Key, manners: Parameters<Key['get']>[1] = {}) {
  const { token, options } = await signInOptions();
  return post('/sign-in', { token, response: key.get(options, manners) });
}

describe('registering', () => {
  test('passkey registration: limits the algorithms and proves two factors', async () => {
    const { accessToken: as } = await users.register();
    await users.setTwoFactorRequired(as);
    const { token, options } = await registrationOptions(as);
    expect(options.pubKeyCredParams?.map(({ alg }) => alg)).toEqual([-7, -8, -257]);
    const key = createAuthenticator({ origin, host });
    expect((await post('', { token, response: key.create(options) }, as)).status).toBe(201);
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(200);
  });

  test.each([
    ['of another page', { origin: 'https://evil.example' }],
    ['for another host', { host: 'evil.example' }],
    ['without user verification', { verified: false }],
  ] as [string, AuthenticatorOptions][])('passkey %s is 401', async (_, manners) => {
    const { accessToken: as } = await users.register();
    const { token, options } = await registrationOptions(as);
    const response = createAuthenticator({ origin, host }).create(options, manners);
    await expectRefused(await post('', { token, response }, as));
  });

  test('passkey registration: options work once, for their user', async () => {
    const [one, other] = [await users.register(), await users.register()];
    const { token, options } = await registrationOptions(one.accessToken);
    const fresh = () => createAuthenticator({ origin, host }).create(options);
    const otherUser = await post('', { token, response: fresh() }, other.accessToken);
    await expectRefused(otherUser);
    const both = await Promise.all(
      [1, 2].map(() => post('', { token, response: fresh() }, one.accessToken)),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 401]);
    const forSigningIn = await signInOptions();
    const mixed = createAuthenticator({ origin, host }).create(forSigningIn.options);
    const response = await post(
      '',
      { token: forSigningIn.token, response: mixed },
      one.accessToken,
    );
    await expectRefused(response);
  });

  test('passkey registration: 409 for a key that is already registered', async () => {
    const { key } = await registerUser();
    const { accessToken: as } = await users.register();
    const { token, options } = await registrationOptions(as);
    const again = await post('', { token, response: key.create(options) }, as);
    await expectError(again, 409, 'PASSKEY_REGISTERED');
  });
});

describe('signing in', () => {
  test('passkey sign-in: without email or password, proves two factors', async () => {
    const { as, key, user } = await registerUser();
    await users.setTwoFactorRequired(as);
    const response = await signIn(key);
    const { accessToken, user: signedIn } = (await response.json()) as SignedIn;
    expect(signedIn.id).toBe(user.id);
    expect((await api.request('GET', '/v1/me', { as: accessToken })).status).toBe(200);
  });

  test('a user with a passkey needs a second factor for password login; recovery codes work', async () => {
    const { email, recoveryCodes } = await registerUser();
    await expectError(await users.login(email), 401, 'TWO_FACTOR_REQUIRED');
    expect((await users.login(email, { code: recoveryCodes[0] })).status).toBe(200);
  });

  test('passkey sign-in: 204 with cookies for X-Session-Mode cookie', async () => {
    const { key } = await registerUser();
    const { token, options } = await signInOptions();
    const headers = { Origin: origin, 'X-Session-Mode': 'cookie' };
    const body = { token, response: key.get(options) };
    const response = await post('/sign-in', body, undefined, headers);
    expect([response.status, response.headers.getSetCookie().length]).toEqual([204, 2]);
  });

  const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  test.each([
    ['of another page', { origin: 'https://evil.example' }],
    ['for another host', { host: 'evil.example' }],
    ['without user verification', { verified: false }],
    ['signed by another key', { key: otherKey }],
    ['with an unknown user handle', { userHandle: Buffer.alloc(16).toString('base64url') }],
    ['with a user handle of another length', { userHandle: 'eA' }],
  ] as [string, Parameters<Key['get']>[1]][])('passkey %s is 401', async (_, manners) => {
    const { key } = await registerUser();
    await expectRefused(await signIn(key, manners));
  });

  test('passkey sign-in: 401 with the user handle of another user', async () => {
    const [one, other] = [await registerUser(), await registerUser()];
    const { options } = await registrationOptions(other.as);
    await expectRefused(await signIn(one.key, { userHandle: options.user.id }));
  });

  test('passkey sign-in: a challenge works once, forged ones are 401', async () => {
    const { key, as } = await registerUser();
    const { token, options } = await signInOptions();
    const body = { token, response: key.get(options) };
    const all = await Promise.all([1, 2, 3].map(() => post('/sign-in', body)));
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
    const created = await registrationOptions(as);
    for (const wrong of ['forged', created.token]) {
      const response = key.get(created.options);
      await expectRefused(await post('/sign-in', { token: wrong, response }));
    }
  });

  test('passkey sign-in: 401 when the counter does not increase', async () => {
    const { key } = await registerUser();
    expect((await signIn(key, { counter: 7 })).status).toBe(200);
    for (const counter of [7, 6, 0]) {
      await expectRefused(await signIn(key, { counter }));
    }
    expect((await signIn(key, { counter: 8 })).status).toBe(200);
  });
});

describe('management', () => {
  test('passkeys: listed, renamed and deleted by their owner', async () => {
    const { as, key, email, passkey } = await registerUser();
    const path = `/v1/auth/passkeys/${passkey.id}` as const;
    const list = (await (await api.request('GET', '/v1/auth/passkeys', { as })).json()) as object;
    expect(list).toMatchObject({ items: [{ id: passkey.id, name: 'Laptop', lastUsedAt: null }] });
    const renamed = await api.request('PATCH', path, { as, body: { name: 'Phone' } });
    expect(renamed.status).toBe(200);
    const deleted = await api.request('POST', `${path}/remove`, { as, body: { password } });
    expect(deleted.status).toBe(204);
    await expectRefused(await signIn(key));
    expect((await users.login(email)).status).toBe(200);
  });

  test('passkeys: 409 for deleting the last one while an organization requires two factors', async () => {
    const { as, passkey } = await registerUser();
    await users.setTwoFactorRequired(as);
    const path = `/v1/auth/passkeys/${passkey.id}/remove` as const;
    const response = await api.request('POST', path, { as, body: { password } });
    await expectError(response, 409, 'TWO_FACTOR_ENFORCED');
  });
});

testDocumentedResponses(api, 'passkeys');
