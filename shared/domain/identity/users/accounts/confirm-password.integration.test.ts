import { afterAll, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import {
  authenticatedContext,
  createTestTenant,
  totpCode,
  userIdOf,
} from '@insightdesk/shared/testing';
import {
  acceptInvitation,
  changePassword,
  confirmTwoFactor,
  createOrganization,
  getMe,
  login,
  startTwoFactor,
  switchOrganization,
  verifyEmail,
} from '../index.ts';
import { createTestAccounts, password, problem, setTestPassword } from '../test-accounts.ts';

const { context, close, registerUser, registerVerifiedUser, findLink, createInvitation } =
  createTestAccounts();
afterAll(close);

describe('password confirmation', () => {
  test('startTwoFactor: another account’s password with the same address is refused', async () => {
    const person = await registerVerifiedUser();
    const squatters = 'the squatter’s password';
    await registerUser(person.email, squatters);
    const wrong = startTwoFactor(person.ctx, { password: squatters });
    await expect(wrong).rejects.toMatchObject(problem(403, 'WRONG_PASSWORD'));
    await startTwoFactor(person.ctx, { password });
  });

  test('startTwoFactor: works while other accounts claim the same address', async () => {
    const person = await registerUser();
    for (const _ of [1, 2]) await registerUser(person.email, 'the squatter’s password');
    await startTwoFactor(person.ctx, { password });
  });

  test.each(['startTwoFactor', 'changePassword', 'verifyEmail'] as const)(
    '%s: a wrong password counts as a failed login',
    async (action) => {
      const person = await registerUser();
      const { token } = await findLink('verify', person.email);
      const wrong = { password: 'wrong', currentPassword: 'wrong' };
      const actions = {
        startTwoFactor: () => startTwoFactor(person.ctx, { password: wrong.password }),
        changePassword: () =>
          changePassword(person.ctx, { ...wrong, password: 'a new good password' }),
        verifyEmail: () => verifyEmail(context, { token, password: wrong.password }),
      };
      for (let tries = 0; tries < 5; tries++) await actions[action]().catch(() => {});
      const right = login(context, { email: person.email, password });
      await expect(right).rejects.toMatchObject(problem(429, 'TOO_MANY_FAILED_SIGN_INS'));
    },
  );
});

test('acceptInvitation: an unverified account must use its second factor', async () => {
  const { owner } = await createTestTenant(context);
  const person = await registerUser();
  const { secret } = await startTwoFactor(person.ctx, { password });
  await confirmTwoFactor(person.ctx, { code: totpCode(secret) });
  const { token } = await createInvitation(owner, person.email);
  const accept = (code?: string) =>
    acceptInvitation(context, { token, name: 'Guest', password, ...(code && { code }) });
  await expect(accept()).rejects.toMatchObject(problem(401, 'TWO_FACTOR_REQUIRED'));
  expect(await accept(totpCode(secret, 1))).toMatchObject({ user: person.user });
});

test('changePassword: of two concurrent changes one succeeds and the other writes nothing', async () => {
  const person = await registerVerifiedUser();
  const bothHashed = Promise.withResolvers<void>();
  let waiting = 2;
  const change = (ip: string, chosen: string) => {
    const state = { isHashed: false, written: 0 };
    const ctx: Context = {
      ...person.ctx,
      ip,
      security: {
        ...person.ctx.security,
        passwords: {
          ...context.security.passwords,
          async hash(plain) {
            const hash = await context.security.passwords.hash(plain);
            if (--waiting === 0) bothHashed.resolve();
            await bothHashed.promise;
            state.isHashed = true;
            return hash;
          },
        },
      },
      identityDatabase: {
        read: context.identityDatabase.read,
        write(scope, work) {
          if (state.isHashed) state.written++;
          return context.identityDatabase.write(scope, work);
        },
      },
    };
    return changePassword(ctx, { currentPassword: password, password: chosen }).then(
      () => ({ ...state, chosen, error: undefined }),
      (error) => ({ ...state, chosen, error }),
    );
  };
  const both = await Promise.all([
    change('198.51.100.7', 'the first new password'),
    change('203.0.113.9', 'the second new password'),
  ]);
  const [done] = both.filter(({ error }) => !error);
  const [lost] = both.filter(({ error }) => error);
  expect(done?.written).toBe(1);
  expect(lost).toMatchObject({ written: 0, error: problem(403, 'WRONG_PASSWORD') });
  await login(context, { email: person.email, password: done?.chosen ?? '' });
});

describe('sessions older than the password', () => {
  test('switchOrganization: refused for a session older than the password', async () => {
    const person = await registerVerifiedUser();
    const { organization } = await createOrganization(person.ctx, { name: 'The second' });
    const hash = await context.security.passwords.hash('a new good password');
    await setTestPassword(context, userIdOf(person.ctx), hash);
    const move = switchOrganization(person.ctx, { organizationId: organization.id });
    await expect(move).rejects.toMatchObject({ status: 404 });
  });

  test('switchOrganization: works for the session that changed the password', async () => {
    const person = await registerVerifiedUser();
    const { organization } = await createOrganization(person.ctx, { name: 'The second' });
    const chosen = 'a new good password';
    await changePassword(person.ctx, { currentPassword: password, password: chosen });
    const moved = await switchOrganization(person.ctx, { organizationId: organization.id });
    expect(await getMe(await authenticatedContext(context, moved.accessToken), {})).toMatchObject({
      organization,
    });
  });
});

test('recordFailedSignIn: does not use the idempotency key of the request', async () => {
  const person = await registerVerifiedUser();
  const works: (() => Promise<unknown>)[] = [];
  let claims = 0;
  const nothing = () => Promise.resolve();
  const idempotency = {
    addFingerprint() {},
    reserve: () => void claims++,
    store() {},
    check: nothing,
    complete: nothing,
    release: nothing,
    findResponse: async () => undefined,
  };
  const ctx: Context = { ...context, idempotency, background: (work) => void works.push(work) };
  await expect(login(ctx, { email: person.email, password: 'wrong' })).rejects.toMatchObject(
    problem(401, 'INVALID_CREDENTIALS'),
  );
  for (const work of works) await work();
  expect([works.length, claims]).toEqual([1, 0]);
});
