import { afterAll, describe, expect, test } from 'bun:test';
import { connect } from '@insightdesk/shared/database';
import { testEnvironment, totpCode } from '@insightdesk/shared/testing';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';
import { createTestUsers, password, type SignedIn } from '../../testing/test-users.ts';

const api = createIntegrationApi();
const users = createTestUsers(api);
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
afterAll(async () => {
  await admin.end();
  await api.close();
});

const request = (path: string, as: string, body: object) =>
  api.request('POST', `/v1/auth/two-factor${path}`, { as, body });

/** An invitation by `host`; `accept` accepts it with the password of all test users. */
async function createInvitation(email: string, host?: SignedIn) {
  host ??= await users.register();
  const options = { as: host.accessToken, body: { email, role: 'agent' } };
  const { id } = (await (await api.request('POST', '/v1/invitations', options)).json()) as {
    id: string;
  };
  const token = api.context.security.tokenCodec.encode('invitation', [host.organization.id, id]);
  const accept = (more: object) =>
    api.request('POST', '/v1/invitations/accept', {
      body: { token, name: 'A', password, ...more },
    });
  return { host, accept };
}

describe('setting up', () => {
  test('TOTP setup: requires a code of the new secret', async () => {
    const { accessToken: as } = await users.register();
    await expectError(
      await request('/confirm', as, { code: '123456' }),
      409,
      'TWO_FACTOR_NOT_BEGUN',
    );
    const started = (await (await request('', as, { password })).json()) as { secret: string };
    const wrong = totpCode(started.secret, 9);
    await expectError(await request('/confirm', as, { code: wrong }), 401, 'TWO_FACTOR_INVALID');
    const { recoveryCodes, url } = await users.enableTwoFactor(as);
    expect(url).toStartWith('otpauth://totp/InsightDesk:');
    expect(new Set(recoveryCodes).size).toBe(10);
    const state = await api.request('GET', '/v1/auth/two-factor', { as });
    expect(await state.json()).toEqual({ totp: true, passkeys: 0, recoveryCodesLeft: 10 });
    await expectError(await request('', as, { password }), 409, 'TWO_FACTOR_SET_UP');
  });

  test('TOTP setup: 403 for a session that has not proven the existing factor', async () => {
    const { email, accessToken } = await users.register();
    const old = (await (await users.login(email)).json()) as SignedIn;
    await users.enableTwoFactor(accessToken);
    await expectError(await request('', old.accessToken, { password }), 403, 'TWO_FACTOR_REQUIRED');
  });

  test('TOTP setup: the secret and recovery codes are not stored in plain text', async () => {
    const { user, secret, recoveryCodes } = await users.registerWithTwoFactor();
    const rows = JSON.stringify([
      await api.context.database.read({ userId: user.id as `usr_${string}` }, (tx) =>
        tx.execute('select * from second_factors'),
      ),
      await api.context.database.read({ userId: user.id as `usr_${string}` }, (tx) =>
        tx.execute('select * from recovery_codes'),
      ),
    ]);
    expect(rows).toContain('totp_secret');
    for (const plain of [secret, ...recoveryCodes]) expect(rows).not.toContain(plain);
  });
});

describe('signing in', () => {
  test('login: requires the code only after the correct password', async () => {
    const { email, secret } = await users.registerWithTwoFactor();
    await expectError(await users.login(email), 401, 'TWO_FACTOR_REQUIRED');
    const wrong = await users.login(email, {
      password: 'another password',
      code: totpCode(secret, 1),
    });
    await expectError(wrong, 401, 'INVALID_CREDENTIALS');
    expect((await users.login(email, { code: totpCode(secret, 1) })).status).toBe(200);
  });

  test('login: a TOTP code works once, also concurrently', async () => {
    const { email, secret } = await users.registerWithTwoFactor();
    const code = totpCode(secret, 1);
    const all = await Promise.all(Array.from({ length: 4 }, () => users.login(email, { code })));
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401]);
    await expectError(await users.login(email, { code }), 401, 'TWO_FACTOR_INVALID');
  });

  test('login: the code that confirmed the setup is rejected', async () => {
    const user = await users.register();
    const { secret } = (await (await request('', user.accessToken, { password })).json()) as {
      secret: string;
    };
    const code = totpCode(secret);
    expect((await request('/confirm', user.accessToken, { code })).status).toBe(200);
    expect((await users.login(user.email, { code })).status).toBe(401);
  });

  test('login: a recovery code works once, in any notation', async () => {
    const { email, recoveryCodes } = await users.registerWithTwoFactor();
    const code = recoveryCodes[3] ?? '';
    const typed = code.toUpperCase().replaceAll('-', ' ');
    const all = await Promise.all([code, typed].map((one) => users.login(email, { code: one })));
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, 401]);
  });

  test('login: 429 after five wrong codes, also for a valid one', async () => {
    const { email, secret, recoveryCodes } = await users.registerWithTwoFactor();
    const wrong = totpCode(secret, 9);
    for (let tries = 0; tries < 5; tries++) await users.login(email, { code: wrong });
    await admin`update second_factors set blocked_until = now() + interval '1 hour'
      where blocked_until is not null and user_id in (select id from users where email = ${email})`;
    const refused = await users.login(email, { code: recoveryCodes[0] });
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(3_000);
    await expectError(refused, 429, 'TOO_MANY_REQUESTS');
  });

  test('login: 422 for a code when the user has no second factor', async () => {
    const { email } = await users.register();
    const refused = await users.login(email, { code: '123456' });
    await expectError(refused, 422, 'TWO_FACTOR_NOT_SET_UP');
  });

  test('accepting an invitation requires the second factor', async () => {
    const { email, secret } = await users.registerWithTwoFactor();
    const { accept } = await createInvitation(email);
    await expectError(await accept({}), 401, 'TWO_FACTOR_REQUIRED');
    expect((await accept({ code: totpCode(secret, 1) })).status).toBe(200);
  });
});

describe('removing', () => {
  test('remove: requires the code; then the password suffices', async () => {
    const { email, accessToken: as, secret } = await users.registerWithTwoFactor();
    const code = totpCode(secret, 1);
    expect((await request('/remove', as, { password, code })).status).toBe(204);
    expect((await users.login(email)).status).toBe(200);
    const state = await api.request('GET', '/v1/auth/two-factor', { as });
    expect(await state.json()).toEqual({ totp: false, passkeys: 0, recoveryCodesLeft: 0 });
  });

  test('recovery codes: new ones invalidate the old ones', async () => {
    const { email, accessToken: as, secret, recoveryCodes } = await users.registerWithTwoFactor();
    const body = { password, code: totpCode(secret, 1) };
    const renewed = await request('/recovery-codes', as, body);
    const fresh = ((await renewed.json()) as { recoveryCodes: string[] }).recoveryCodes;
    expect((await users.login(email, { code: recoveryCodes[0] })).status).toBe(401);
    expect((await users.login(email, { code: fresh[0] })).status).toBe(200);
  });

  test('remove: 409 while any organization of the user requires two factors', async () => {
    const { email, accessToken: as, secret } = await users.registerWithTwoFactor();
    const { host, accept } = await createInvitation(email, await users.registerWithTwoFactor());
    expect((await accept({ code: totpCode(secret, 1) })).status).toBe(200);
    await users.setTwoFactorRequired(host.accessToken);
    const refused = await request('/remove', as, { password, code: totpCode(secret) });
    await expectError(refused, 409, 'TWO_FACTOR_ENFORCED');
  });
});

describe('organization that requires two factors', () => {
  test('organization requires two factors: members without one can only set it up, also in old sessions', async () => {
    const { email, accessToken: as, refreshToken } = await users.register();
    expect((await users.setTwoFactorRequired(as)).status).toBe(200);
    const fresh = (await (await users.login(email)).json()) as SignedIn;
    const refreshed = await api.request('POST', '/v1/auth/refresh', { body: { refreshToken } });
    const swapped = (await refreshed.json()) as SignedIn;
    for (const token of [as, fresh.accessToken, swapped.accessToken]) {
      for (const path of ['/v1/me', '/v1/members', '/v1/conversations', '/v1/auth/sessions']) {
        const refused = await api.request('GET', path, { as: token });
        await expectError(refused, 403, 'TWO_FACTOR_SETUP_REQUIRED');
      }
      await expectError(
        await users.setTwoFactorRequired(token, false),
        403,
        'TWO_FACTOR_SETUP_REQUIRED',
      );
    }
    await users.enableTwoFactor(fresh.accessToken);
    expect((await api.request('GET', '/v1/me', { as: fresh.accessToken })).status).toBe(200);
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(403);
    expect((await api.request('POST', '/v1/auth/logout', { as })).status).toBe(204);
  });
});

test('row-level security: factors of other users are not readable', async () => {
  const { user } = await users.registerWithTwoFactor();
  const other = await users.registerWithTwoFactor();
  const tables = ['second_factors', 'recovery_codes', 'passkeys', 'consumed_tokens'];
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

testDocumentedResponses(api, 'two-factor');
