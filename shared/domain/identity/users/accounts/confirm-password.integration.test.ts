import { afterAll, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { createTestTenant, signedIn, userOf } from '@insightdesk/shared/testing';
import { Secret, TOTP } from 'otpauth';
import {
  acceptInvitation,
  changePassword,
  confirmTwoFactor,
  createOrganization,
  login,
  getMe,
  startTwoFactor,
  switchOrganization,
  verifyEmail,
} from '../index.ts';
import { givePassword, openTestAccounts, password, refused } from '../test-accounts.ts';

const { context, close, registered, verified, linkOf, invited } = openTestAccounts();
afterAll(close);

const codeOf = (secret: string, by = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + by * 30_000 });

describe('the password that is typed again', () => {
  test('is the caller’s, and no other account’s with the same address', async () => {
    const person = await verified();
    const squatters = 'the squatter’s password';
    await registered(person.email, squatters);
    const wrong = startTwoFactor(person.ctx, { password: squatters });
    await expect(wrong).rejects.toMatchObject(refused(403, 'WRONG_PASSWORD'));
    await startTwoFactor(person.ctx, { password });
  });

  test('is known however many claim the address', async () => {
    const person = await registered();
    for (const _ of [1, 2]) await registered(person.email, 'the squatter’s password');
    await startTwoFactor(person.ctx, { password });
  });

  test.each(['startTwoFactor', 'changePassword', 'verifyEmail'] as const)(
    'counts as a try to sign in: %s',
    async (door) => {
      const person = await registered();
      const { token } = await linkOf('verify', person.email);
      const wrong = { password: 'wrong', currentPassword: 'wrong' };
      const doors = {
        startTwoFactor: () => startTwoFactor(person.ctx, { password: wrong.password }),
        changePassword: () =>
          changePassword(person.ctx, { ...wrong, password: 'a new good password' }),
        verifyEmail: () => verifyEmail(context, { token, password: wrong.password }),
      };
      for (let tries = 0; tries < 5; tries++) await doors[door]().catch(() => {});
      const right = login(context, { email: person.email, password });
      await expect(right).rejects.toMatchObject(refused(429, 'TOO_MANY_FAILED_SIGN_INS'));
    },
  );
});

test('an account that nobody verified is asked for its factor at an invitation too', async () => {
  const { owner } = await createTestTenant(context);
  const person = await registered();
  const { secret } = await startTwoFactor(person.ctx, { password });
  await confirmTwoFactor(person.ctx, { code: codeOf(secret) });
  const { token } = await invited(owner, person.email);
  const accept = (code?: string) =>
    acceptInvitation(context, { token, name: 'Guest', password, ...(code && { code }) });
  await expect(accept()).rejects.toMatchObject(refused(401, 'TWO_FACTOR_REQUIRED'));
  expect(await accept(codeOf(secret, 1))).toMatchObject({ user: person.user });
});

test('of two changes of a password at once one is done, and of the other nothing is left', async () => {
  const person = await verified();
  const arrived = Promise.withResolvers<void>();
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
            if (--waiting === 0) arrived.resolve();
            await arrived.promise;
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
  expect(lost).toMatchObject({ written: 0, error: refused(403, 'WRONG_PASSWORD') });
  await login(context, { email: person.email, password: done?.chosen ?? '' });
});

describe('a session that a new password is about to end', () => {
  test('moves to no other organisation', async () => {
    const person = await verified();
    const { organization } = await createOrganization(person.ctx, { name: 'The second' });
    const hash = await context.security.passwords.hash('a new good password');
    await givePassword(context, userOf(person.ctx), hash);
    const move = switchOrganization(person.ctx, { organizationId: organization.id });
    await expect(move).rejects.toMatchObject({ status: 404 });
  });

  test('does, when it is the one that replaced it', async () => {
    const person = await verified();
    const { organization } = await createOrganization(person.ctx, { name: 'The second' });
    const chosen = 'a new good password';
    await changePassword(person.ctx, { currentPassword: password, password: chosen });
    const moved = await switchOrganization(person.ctx, { organizationId: organization.id });
    expect(await getMe(await signedIn(context, moved.accessToken), {})).toMatchObject({
      organization,
    });
  });
});

test('telling of a failed sign-in takes no request’s key', async () => {
  const person = await verified();
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
    refused(401, 'INVALID_CREDENTIALS'),
  );
  for (const work of works) await work();
  expect([works.length, claims]).toEqual([1, 0]);
});
