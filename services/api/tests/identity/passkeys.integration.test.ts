import { afterAll, describe, expect, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { createAuthenticator, type Manners } from '@insightdesk/shared/testing';
import { faultOf, openPeople, password, type SignedIn } from '../../testing/test-users.ts';
import { openWholeApi, testPromises } from '../../testing/integration-api.ts';

const api = openWholeApi();
afterAll(() => api.close());
const people = openPeople(api);
const { origin, hostname: host } = new URL(api.options.config.http.publicUrl);
const refused: [number, string] = [401, 'PASSKEY_REFUSED'];

interface Offer {
  token: string;
  options: { challenge: string; user: { id: string }; pubKeyCredParams?: { alg: number }[] };
}

const post = (path: string, body: object, as?: string, headers?: Record<string, string>) =>
  api.ask('POST', `/v1/auth/passkeys${path}`, {
    body,
    ...(as && { as }),
    ...(headers && { headers }),
  });

async function offered(as: string) {
  const response = await post('/options', { password }, as);
  expect(response.status).toBe(200);
  return (await response.json()) as Offer;
}

const signInOffer = async () => (await (await post('/sign-in/options', {})).json()) as Offer;

/** A person with a passkey in software. */
async function registered() {
  const person = await people.register();
  const key = createAuthenticator({ origin, host });
  const { token, options } = await offered(person.accessToken);
  const made = await post(
    '',
    { token, response: key.create(options), name: 'Laptop' },
    person.accessToken,
  );
  expect(made.status).toBe(201);
  const { passkey, recoveryCodes } = (await made.json()) as {
    passkey: { id: string };
    recoveryCodes: string[];
  };
  return { ...person, as: person.accessToken, key, passkey, recoveryCodes };
}
type Key = ReturnType<typeof createAuthenticator>;

async function signIn(key: Key, manners: Parameters<Key['get']>[1] = {}) {
  const { token, options } = await signInOffer();
  return post('/sign-in', { token, response: key.get(options, manners) });
}

describe('registering', () => {
  test('takes the password, asks for no algorithm but ours, and makes a session of two factors', async () => {
    const { accessToken: as } = await people.register();
    await people.require(as);
    const wrong = await post('/options', { password: 'another password' }, as);
    expect(await faultOf(wrong)).toEqual([403, 'WRONG_PASSWORD']);
    const { token, options } = await offered(as);
    expect(options.pubKeyCredParams?.map(({ alg }) => alg)).toEqual([-7, -8, -257]);
    const key = createAuthenticator({ origin, host });
    expect((await post('', { token, response: key.create(options) }, as)).status).toBe(201);
    expect((await api.ask('GET', '/v1/me', { as })).status).toBe(200);
  });

  test.each([
    ['of another page', { origin: 'https://evil.example' }],
    ['for another host', { host: 'evil.example' }],
    ['without the person verified', { verified: false }],
  ] as [string, Manners][])('401: %s', async (_, manners) => {
    const { accessToken: as } = await people.register();
    const { token, options } = await offered(as);
    const response = createAuthenticator({ origin, host }).create(options, manners);
    expect(await faultOf(await post('', { token, response }, as))).toEqual(refused);
  });

  test('an offer is good once, and for whom it was made', async () => {
    const [one, other] = [await people.register(), await people.register()];
    const { token, options } = await offered(one.accessToken);
    const fresh = () => createAuthenticator({ origin, host }).create(options);
    const stolen = await post('', { token, response: fresh() }, other.accessToken);
    expect(await faultOf(stolen)).toEqual(refused);
    const both = await Promise.all(
      [1, 2].map(() => post('', { token, response: fresh() }, one.accessToken)),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 401]);
    const forSigningIn = await signInOffer();
    const mixed = createAuthenticator({ origin, host }).create(forSigningIn.options);
    const response = await post(
      '',
      { token: forSigningIn.token, response: mixed },
      one.accessToken,
    );
    expect(await faultOf(response)).toEqual(refused);
  });

  test('409: a key that is registered already, with anybody', async () => {
    const { key } = await registered();
    const { accessToken: as } = await people.register();
    const { token, options } = await offered(as);
    const again = await post('', { token, response: key.create(options) }, as);
    expect(await faultOf(again)).toEqual([409, 'PASSKEY_REGISTERED']);
  });
});

describe('signing in', () => {
  test('names nobody, needs no password, and counts as two factors', async () => {
    const { as, key, user } = await registered();
    await people.require(as);
    const response = await signIn(key);
    const { accessToken, user: who } = (await response.json()) as SignedIn;
    expect(who.id).toBe(user.id);
    expect((await api.ask('GET', '/v1/me', { as: accessToken })).status).toBe(200);
  });

  test('the password alone no longer does, a recovery code helps', async () => {
    const { email, recoveryCodes } = await registered();
    expect(await faultOf(await people.login(email))).toEqual([401, 'TWO_FACTOR_REQUIRED']);
    expect((await people.login(email, { code: recoveryCodes[0] })).status).toBe(200);
  });

  test('into cookies, for a browser that asks for them', async () => {
    const { key } = await registered();
    const { token, options } = await signInOffer();
    const headers = { Origin: origin, 'X-Session-Mode': 'cookie' };
    const body = { token, response: key.get(options) };
    const response = await post('/sign-in', body, undefined, headers);
    expect([response.status, response.headers.getSetCookie().length]).toEqual([204, 2]);
  });

  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  test.each([
    ['of another page', { origin: 'https://evil.example' }],
    ['for another host', { host: 'evil.example' }],
    ['without the person verified', { verified: false }],
    ['signed by another key', { key: stranger }],
    ['in the name of nobody', { userHandle: Buffer.alloc(16).toString('base64url') }],
    ['in a name of another length', { userHandle: 'eA' }],
  ] as [string, Parameters<Key['get']>[1]][])('401: %s', async (_, manners) => {
    const { key } = await registered();
    expect(await faultOf(await signIn(key, manners))).toEqual(refused);
  });

  test('401: in the name of another person', async () => {
    const [one, other] = [await registered(), await registered()];
    const { options } = await offered(other.as);
    expect(await faultOf(await signIn(one.key, { userHandle: options.user.id }))).toEqual(refused);
  });

  test('a challenge is good once, and only if it is ours', async () => {
    const { key, as } = await registered();
    const { token, options } = await signInOffer();
    const body = { token, response: key.get(options) };
    const all = await Promise.all([1, 2, 3].map(() => post('/sign-in', body)));
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
    const made = await offered(as);
    for (const wrong of ['forged', made.token]) {
      const response = key.get(made.options);
      expect(await faultOf(await post('/sign-in', { token: wrong, response }))).toEqual(refused);
    }
  });

  test('a counter that does not rise is a copy’s', async () => {
    const { key } = await registered();
    expect((await signIn(key, { counter: 7 })).status).toBe(200);
    for (const counter of [7, 6, 0]) {
      expect(await faultOf(await signIn(key, { counter }))).toEqual(refused);
    }
    expect((await signIn(key, { counter: 8 })).status).toBe(200);
  });
});

describe('keeping', () => {
  test('they are listed, renamed and removed by their owner; 404 for others', async () => {
    const { as, key, email, passkey } = await registered();
    const other = await registered();
    const path = `/v1/auth/passkeys/${passkey.id}` as const;
    const list = (await (await api.ask('GET', '/v1/auth/passkeys', { as })).json()) as object;
    expect(list).toMatchObject({ items: [{ id: passkey.id, name: 'Laptop', lastUsedAt: null }] });
    const rename = (token: string) =>
      api.ask('PATCH', path, { as: token, body: { name: 'Phone' } });
    const remove = (token: string, word = password) =>
      api.ask('POST', `${path}/remove`, { as: token, body: { password: word } });
    expect((await rename(as)).status).toBe(200);
    expect((await rename(other.as)).status).toBe(404);
    expect((await remove(other.as)).status).toBe(404);
    expect((await remove(as, 'another password')).status).toBe(403);
    expect((await remove(as)).status).toBe(204);
    expect(await faultOf(await signIn(key))).toEqual(refused);
    expect((await people.login(email)).status).toBe(200);
  });

  test('409 while an organisation requires the last one', async () => {
    const { as, passkey } = await registered();
    await people.require(as);
    const path = `/v1/auth/passkeys/${passkey.id}/remove` as const;
    const response = await api.ask('POST', path, { as, body: { password } });
    expect(await faultOf(response)).toEqual([409, 'TWO_FACTOR_ENFORCED']);
  });
});

testPromises(api, '/v1/auth/passkeys');
