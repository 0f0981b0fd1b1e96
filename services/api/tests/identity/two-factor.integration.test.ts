import { afterAll, describe, expect, test } from 'bun:test';
import { connect } from '@insightdesk/shared/database';
import { testEnvironment } from '@insightdesk/shared/testing';
import { enabledRoutes } from '../../route.ts';
import { routes } from '../../routes.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';
import {
  createTestUsers,
  errorOf,
  password,
  type SignedIn,
  totpCode,
} from '../../testing/test-users.ts';

const api = createIntegrationApi();
const people = createTestUsers(api);
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
afterAll(async () => {
  await admin.end();
  await api.close();
});

const request = (path: string, as: string, body: object) =>
  api.request('POST', `/v1/auth/two-factor${path}`, { as, body });

/** The door that an invitation of `host` is, for whoever has the password of all people here. */
async function invited(email: string, host?: SignedIn) {
  host ??= await people.register();
  const asked = { as: host.accessToken, body: { email, role: 'agent' } };
  const { id } = (await (await api.request('POST', '/v1/invitations', asked)).json()) as {
    id: string;
  };
  const token = api.context.security.tokenCodec.seal('invitation', [host.organization.id, id]);
  const accept = (more: object) =>
    api.request('POST', '/v1/invitations/accept', { body: { token, name: 'A', password, ...more } });
  return { host, accept };
}

describe('setting up', () => {
  test('takes the password, then a code of the new secret', async () => {
    const { accessToken: as } = await people.register();
    expect(await errorOf(await request('', as, { password: 'another password' }))).toEqual([
      403,
      'WRONG_PASSWORD',
    ]);
    expect(await errorOf(await request('/confirm', as, { code: '123456' }))).toEqual([
      409,
      'TWO_FACTOR_NOT_BEGUN',
    ]);
    const begun = (await (await request('', as, { password })).json()) as { secret: string };
    const wrong = totpCode(begun.secret, 9);
    expect(await errorOf(await request('/confirm', as, { code: wrong }))).toEqual([
      401,
      'TWO_FACTOR_INVALID',
    ]);
    const { recoveryCodes, url } = await people.setUp(as);
    expect(url).toStartWith('otpauth://totp/InsightDesk:');
    expect(new Set(recoveryCodes).size).toBe(10);
    const state = await api.request('GET', '/v1/auth/two-factor', { as });
    expect(await state.json()).toEqual({ totp: true, passkeys: 0, recoveryCodesLeft: 10 });
    expect(await errorOf(await request('', as, { password }))).toEqual([409, 'TWO_FACTOR_SET_UP']);
  });

  test('a session that has not proven the factor cannot bring another', async () => {
    const { email, accessToken } = await people.register();
    const old = (await (await people.login(email)).json()) as SignedIn;
    await people.setUp(accessToken);
    expect(await errorOf(await request('', old.accessToken, { password }))).toEqual([
      403,
      'TWO_FACTOR_REQUIRED',
    ]);
  });

  test('nothing of it is stored as it is', async () => {
    const { user, secret, recoveryCodes } = await people.registerGuarded();
    const kept = JSON.stringify([
      await api.context.database.read({ userId: user.id as `usr_${string}` }, (tx) =>
        tx.execute('select * from second_factors'),
      ),
      await api.context.database.read({ userId: user.id as `usr_${string}` }, (tx) =>
        tx.execute('select * from recovery_codes'),
      ),
    ]);
    expect(kept).toContain('totp_secret');
    for (const plain of [secret, ...recoveryCodes]) expect(kept).not.toContain(plain);
  });
});

describe('signing in', () => {
  test('asks for the code after the right password only', async () => {
    const { email, secret } = await people.registerGuarded();
    expect(await errorOf(await people.login(email))).toEqual([401, 'TWO_FACTOR_REQUIRED']);
    const wrong = await people.login(email, {
      password: 'another password',
      code: totpCode(secret, 1),
    });
    expect(await errorOf(wrong)).toEqual([401, 'INVALID_CREDENTIALS']);
    expect((await people.login(email, { code: totpCode(secret, 1) })).status).toBe(200);
  });

  test('a code is good once, also for ten at the same moment', async () => {
    const { email, secret } = await people.registerGuarded();
    const code = totpCode(secret, 1);
    const all = await Promise.all(Array.from({ length: 4 }, () => people.login(email, { code })));
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401]);
    expect(await errorOf(await people.login(email, { code }))).toEqual([401, 'TWO_FACTOR_INVALID']);
  });

  test('the code that confirmed the factor is used up', async () => {
    const person = await people.register();
    const { secret } = (await (await request('', person.accessToken, { password })).json()) as {
      secret: string;
    };
    const code = totpCode(secret);
    expect((await request('/confirm', person.accessToken, { code })).status).toBe(200);
    expect((await people.login(person.email, { code })).status).toBe(401);
  });

  test('a recovery code is good once, however it is typed', async () => {
    const { email, recoveryCodes } = await people.registerGuarded();
    const code = recoveryCodes[3] ?? '';
    const typed = code.toUpperCase().replaceAll('-', ' ');
    const all = await Promise.all([code, typed].map((one) => people.login(email, { code: one })));
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, 401]);
  });

  test('after five wrong codes nothing is looked at for a while, not even the right one', async () => {
    const { email, secret, recoveryCodes } = await people.registerGuarded();
    const wrong = totpCode(secret, 9);
    for (let tries = 0; tries < 5; tries++) await people.login(email, { code: wrong });
    await admin`update second_factors set blocked_until = now() + interval '1 hour'
      where blocked_until is not null and user_id in (select id from users where email = ${email})`;
    const refused = await people.login(email, { code: recoveryCodes[0] });
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(3_000);
    expect(await errorOf(refused)).toEqual([429, 'TOO_MANY_REQUESTS']);
  });

  test('422: a code of somebody who has no factor is not ignored', async () => {
    const { email } = await people.register();
    const refused = await people.login(email, { code: '123456' });
    expect(await errorOf(refused)).toEqual([422, 'TWO_FACTOR_NOT_SET_UP']);
  });

  test('an invitation is another door with the same lock', async () => {
    const { email, secret } = await people.registerGuarded();
    const { accept } = await invited(email);
    expect(await errorOf(await accept({}))).toEqual([401, 'TWO_FACTOR_REQUIRED']);
    expect((await accept({ code: totpCode(secret, 1) })).status).toBe(200);
  });

  test('so it is for an account that waits for its mail, and joins by its password', async () => {
    const { email, user, accessToken: as } = await people.claim();
    const { secret } = await people.setUp(as);
    const { accept } = await invited(email);
    expect(await errorOf(await accept({}))).toEqual([401, 'TWO_FACTOR_REQUIRED']);
    const joined = await accept({ code: totpCode(secret, 1) });
    expect(((await joined.json()) as SignedIn).user.id).toBe(user.id);
  });
});

describe('giving up', () => {
  test('takes password and code; then the password is enough again', async () => {
    const { email, accessToken: as, secret } = await people.registerGuarded();
    const code = totpCode(secret, 1);
    const wrong = await request('/remove', as, { password: 'another password', code });
    expect(await errorOf(wrong)).toEqual([403, 'WRONG_PASSWORD']);
    expect((await request('/remove', as, { password, code })).status).toBe(204);
    expect((await people.login(email)).status).toBe(200);
    const state = await api.request('GET', '/v1/auth/two-factor', { as });
    expect(await state.json()).toEqual({ totp: false, passkeys: 0, recoveryCodesLeft: 0 });
  });

  test('new recovery codes end the old ones', async () => {
    const { email, accessToken: as, secret, recoveryCodes } = await people.registerGuarded();
    const body = { password, code: totpCode(secret, 1) };
    const renewed = await request('/recovery-codes', as, body);
    const fresh = ((await renewed.json()) as { recoveryCodes: string[] }).recoveryCodes;
    expect((await people.login(email, { code: recoveryCodes[0] })).status).toBe(401);
    expect((await people.login(email, { code: fresh[0] })).status).toBe(200);
  });

  test('409 while one of the organisations requires it, whichever the session is in', async () => {
    const { email, accessToken: as, secret } = await people.registerGuarded();
    const { host, accept } = await invited(email, await people.registerGuarded());
    expect((await accept({ code: totpCode(secret, 1) })).status).toBe(200);
    await people.require(host.accessToken);
    const refused = await request('/remove', as, { password, code: totpCode(secret) });
    expect(await errorOf(refused)).toEqual([409, 'TWO_FACTOR_ENFORCED']);
  });
});

describe('an organisation that requires a second factor', () => {
  test('lets nobody do anything else without one, in sessions of before too', async () => {
    const { email, accessToken: as, refreshToken } = await people.register();
    expect((await people.require(as)).status).toBe(200);
    const fresh = (await (await people.login(email)).json()) as SignedIn;
    const refreshed = await api.request('POST', '/v1/auth/refresh', { body: { refreshToken } });
    const swapped = (await refreshed.json()) as SignedIn;
    for (const token of [as, fresh.accessToken, swapped.accessToken]) {
      for (const path of ['/v1/me', '/v1/members', '/v1/conversations', '/v1/auth/sessions']) {
        const refused = await api.request('GET', path, { as: token });
        expect(await errorOf(refused)).toEqual([403, 'TWO_FACTOR_SETUP_REQUIRED']);
      }
      expect(await errorOf(await people.require(token, false))).toEqual([
        403,
        'TWO_FACTOR_SETUP_REQUIRED',
      ]);
    }
    await people.setUp(fresh.accessToken);
    expect((await api.request('GET', '/v1/me', { as: fresh.accessToken })).status).toBe(200);
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(403);
    expect((await api.request('POST', '/v1/auth/logout', { as })).status).toBe(204);
  });

  test('is for its owners to say', async () => {
    const { admin: as } = await api.openTenant();
    expect(await errorOf(await people.require(as))).toEqual([403, 'FORBIDDEN']);
  });
});

test('nobody reads the factors of another person, nor all of them', async () => {
  const { user } = await people.registerGuarded();
  const other = await people.registerGuarded();
  const tables = ['second_factors', 'recovery_codes', 'passkeys', 'spent_tokens'];
  for (const scope of [
    {},
    { tenantId: user.id.replace('usr', 'org') as `org_${string}` },
    { tenantId: other.organization.id as `org_${string}` },
  ]) {
    for (const table of tables) {
      const rows = await api.context.database.read(scope, (tx) =>
        tx.execute(`select * from ${table}`),
      );
      expect(rows).toHaveLength(0);
    }
  }
  const own = await api.context.database.read({ userId: user.id as `usr_${string}` }, (tx) =>
    tx.execute<{ userId: string }>('select user_id from second_factors'),
  );
  expect(own).toHaveLength(1);
});

test('404 while the feature is off', async () => {
  const off = createIntegrationApi(undefined, {
    routes: enabledRoutes(routes, { twoFactor: false, oauth: false }),
  });
  const { owner: as } = await off.openTenant();
  for (const path of ['', '/confirm', '/remove', '/recovery-codes']) {
    const response = await off.app.request(`/v1/auth/two-factor${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${as}` },
    });
    expect(await errorOf(response)).toEqual([404, 'NOT_FOUND']);
  }
  await off.close();
});

testDocumentedResponses(api, '/v1/auth/two-factor');
