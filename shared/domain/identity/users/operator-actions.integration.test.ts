import { afterAll, describe, expect, test } from 'bun:test';
import { systemContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { outbox } from '@insightdesk/shared/events';
import { totpCode } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { eq } from 'drizzle-orm';
import {
  confirmTwoFactor,
  getMe,
  getTwoFactor,
  login,
  resetTwoFactor,
  revokeUserSessions,
  startTwoFactor,
  verifyUserEmail,
} from './index.ts';
import { createTestAccounts, password, problem } from './test-accounts.ts';

const { context, close, registerUser, registerVerifiedUser } = createTestAccounts();
afterAll(close);

const operator = systemContext(context, 'desk', { tenantId: undefined, requestId: 'test' });

async function registerWithTwoFactor() {
  const user = await registerVerifiedUser();
  const { secret } = await startTwoFactor(user.ctx, { password });
  await confirmTwoFactor(user.ctx, { code: totpCode(secret) });
  return user;
}

async function eventNames(tenantId: Id<'org'>) {
  const rows = await context.database.read({ tenantId }, (tx) =>
    tx.select({ name: outbox.name }).from(outbox).where(eq(outbox.tenantId, tenantId)).execute(),
  );
  return rows.map(({ name }) => name);
}

describe('operators', () => {
  test('resetTwoFactor: the user signs in with the password alone, earlier sessions have ended, both are recorded', async () => {
    const { email, user, organization, ctx } = await registerWithTwoFactor();
    await expect(login(context, { email, password })).rejects.toMatchObject(
      problem(401, 'TWO_FACTOR_REQUIRED'),
    );
    expect(await resetTwoFactor(operator, user.id)).toBe(1);
    await expect(getMe(ctx, {})).rejects.toMatchObject(problem(401, 'SESSION_ENDED'));
    await login(context, { email, password });
    expect(await eventNames(organization.id)).toEqual(
      expect.arrayContaining(['account.two-factor-reset', 'session.revoked']),
    );
    await expect(resetTwoFactor(operator, user.id)).rejects.toMatchObject({ status: 422 });
  });

  test('resetTwoFactor, revokeUserSessions and verifyUserEmail: 403 for members', async () => {
    const { ctx, user } = await registerWithTwoFactor();
    for (const act of [resetTwoFactor, revokeUserSessions, verifyUserEmail]) {
      await expect(act(ctx, user.id)).rejects.toMatchObject({ status: 403 });
    }
    expect((await getTwoFactor(ctx, {})).totp).toBe(true);
  });

  test('revokeUserSessions: ends the sessions of all devices and returns their number', async () => {
    const { ctx, email, user } = await registerVerifiedUser();
    await login(context, { email, password });
    expect(await revokeUserSessions(operator, user.id)).toBe(2);
    await expect(getMe(ctx, {})).rejects.toMatchObject(problem(401, 'SESSION_ENDED'));
    expect(await revokeUserSessions(operator, user.id)).toBe(0);
  });

  test('verifyUserEmail: verifies the address once, 409 for the second account of an address, 404 for an unknown user', async () => {
    const first = await registerUser();
    const second = await registerUser(first.email);
    expect(await verifyUserEmail(operator, first.user.id)).toBe(true);
    expect((await getMe(first.ctx, {})).user.emailVerified).toBe(true);
    expect(await verifyUserEmail(operator, first.user.id)).toBe(false);
    await expect(verifyUserEmail(operator, second.user.id)).rejects.toMatchObject(
      problem(409, 'EMAIL_TAKEN'),
    );
    await expect(verifyUserEmail(operator, newId('usr'))).rejects.toMatchObject({ status: 404 });
  });
});
