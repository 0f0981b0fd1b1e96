import { afterAll, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import type { Role } from '@insightdesk/shared/contract';
import { authenticatedContext, createTestTenant, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import {
  getMe,
  listMembers,
  listSessions,
  login,
  logout,
  logoutAll,
  refreshTokens,
  removeMember,
  revokeSession,
  updateMember,
} from './index.ts';
import { sessions } from './sessions/tables.ts';
import { createTestAccounts, newAddress, password } from './test-accounts.ts';

const { context, close, registerUser, registerVerifiedUser, createInvitation, accept } =
  createTestAccounts();
afterAll(close);

const unauthenticated = (code: string) => ({ status: 401, code });

describe('register and login', () => {
  test('register: the new user is owner and logs in with any case of the address', async () => {
    const { ctx, email, user, organization } = await registerUser();
    expect(await getMe(ctx, {})).toMatchObject({ role: 'owner', user });
    const again = await login(context, { email: email.toUpperCase(), password });
    expect(again).toMatchObject({ user, organization });
  });

  test('login: a wrong password, an unknown user and another organization give the same error', async () => {
    const { email } = await registerUser();
    const refused = unauthenticated('INVALID_CREDENTIALS');
    for (const attempt of [
      { email, password: 'wrong' },
      { email: 'nobody@example.com', password },
      { email, password, organizationId: newId('org') },
    ]) {
      await expect(login(context, attempt)).rejects.toMatchObject(refused);
    }
  });
});

describe('refresh', () => {
  test('refreshTokens: a new token works, and reuse of the old one revokes the session', async () => {
    const first = await registerUser();
    const second = await refreshTokens(context, { refreshToken: first.refreshToken });
    const third = await refreshTokens(context, { refreshToken: second.refreshToken });
    const caller = await authenticatedContext(context, third.accessToken);
    await getMe(caller, {});
    const reused = unauthenticated('TOKEN_REUSED');
    await expect(
      refreshTokens(context, { refreshToken: first.refreshToken }),
    ).rejects.toMatchObject(reused);
    await expect(
      refreshTokens(context, { refreshToken: third.refreshToken }),
    ).rejects.toMatchObject(unauthenticated('TOKEN_INVALID'));
    await expect(getMe(caller, {})).rejects.toMatchObject(unauthenticated('SESSION_ENDED'));
  });

  test('refreshTokens: 20 concurrent calls return the same token', async () => {
    const pair = await registerUser();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => refreshTokens(context, { refreshToken: pair.refreshToken })),
    );
    expect(new Set(all.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    const [one] = all;
    if (!one) throw new Error('No successor');
    expect(
      (await refreshTokens(context, { refreshToken: one.refreshToken })).refreshToken,
    ).not.toBe(one.refreshToken);
  });

  test('refreshTokens: a request that was received in time succeeds after a long wait', async () => {
    const { refreshToken } = await registerUser();
    const first = refreshTokens(context, { refreshToken });
    const { database } = context;
    const delayed: typeof database = {
      ...database,
      write: (...work) => first.then(() => database.write(...work)),
    };
    const late = refreshTokens({ ...context, database: delayed }, { refreshToken });
    expect((await late).refreshToken).toBe((await first).refreshToken);
  });

  const phone = { ip: '203.0.113.5', userAgent: 'Phone' };

  /** A session that the phone has refreshed `seconds` ago. */
  async function refreshEarlier(seconds: number) {
    const { ctx, refreshToken } = await registerUser();
    const { refreshToken: lost } = await refreshTokens({ ...context, ...phone }, { refreshToken });
    const { tenantId } = ctx;
    await context.database.write(tenantId ? { tenantId } : {}, (tx) =>
      tx.update(sessions).set({
        refreshedAt: sql`clock_timestamp() - ${seconds} * interval '1 second'` as unknown as Date,
      }),
    );
    const repeat = (device = phone) =>
      refreshTokens({ ...context, ...device }, { refreshToken }).then(
        (pair) => pair.refreshToken,
        ({ code }) => code,
      );
    return { lost, repeat };
  }

  test('refreshTokens: a device that lost the response repeats it, concurrently too, and continues', async () => {
    const { lost, repeat } = await refreshEarlier(30);
    expect(await Promise.all([repeat(), repeat(), repeat()])).toEqual([lost, lost, lost]);
    expect(await repeat()).toBe(lost);
    const next = await refreshTokens({ ...context, ...phone }, { refreshToken: lost });
    // The response to the repetition was used.
    expect(await repeat()).toBe('TOKEN_REUSED');
    await expect(refreshTokens(context, { refreshToken: next.refreshToken })).rejects.toMatchObject(
      unauthenticated('TOKEN_INVALID'),
    );
  });

  test('refreshTokens: a repetition after a minute, from another network or from another device revokes the session', async () => {
    const repetitions = [
      { seconds: 90, device: phone },
      { seconds: 30, device: { ...phone, ip: '198.51.100.7' } },
      { seconds: 30, device: { ...phone, userAgent: 'Laptop' } },
    ];
    const outcomes = repetitions.map(async ({ seconds, device }) => {
      const { lost, repeat } = await refreshEarlier(seconds);
      const next = () => refreshTokens(context, { refreshToken: lost });
      return [await repeat(device), await next().catch(({ code }) => code)];
    });
    const revoked = ['TOKEN_REUSED', 'TOKEN_INVALID'];
    expect(await Promise.all(outcomes)).toEqual([revoked, revoked, revoked]);
  });

  test.each(['', 'nonsense', 'a.b'])('refreshTokens: %p is refused', async (refreshToken) => {
    await expect(refreshTokens(context, { refreshToken })).rejects.toMatchObject(
      unauthenticated('TOKEN_INVALID'),
    );
  });
});

describe('sessions', () => {
  test('sessions are listed, and a revoked session ends at once', async () => {
    const { ctx: first, email } = await registerUser();
    const signIn = async (more = {}) => {
      const { accessToken } = await login({ ...context, ...more }, { email, password });
      return authenticatedContext(context, accessToken);
    };
    const second = await signIn({ ip: '10.0.0.1', userAgent: 'Test' });
    const { items } = await listSessions(second, {});
    expect(items.map(({ current }) => current)).toEqual([true, false]);
    expect(items[0]).toMatchObject({ ip: '10.0.0.1', userAgent: 'Test' });
    await revokeSession(second, { id: items[1]?.id ?? newId('ses') });
    await expect(getMe(first, {})).rejects.toMatchObject(unauthenticated('SESSION_ENDED'));
    await expect(revokeSession(second, { id: newId('ses') })).rejects.toMatchObject({
      status: 404,
    });
    const other = await signIn();
    await logout(other, {});
    await expect(getMe(other, {})).rejects.toMatchObject({ status: 401 });
    await logoutAll(second, {});
    await expect(getMe(second, {})).rejects.toMatchObject({ status: 401 });
  });
});

describe('invitations', () => {
  test('acceptInvitation: an invitation works once and assigns its role', async () => {
    const { owner, tenantId } = await createTestTenant(context);
    const email = newAddress();
    const { token } = await createInvitation(owner, email);
    const [joined, twice] = await Promise.allSettled([accept(token), accept(token)]);
    const outcomes = [joined.status, twice.status].toSorted();
    expect(outcomes).toEqual(['fulfilled', 'rejected']);
    await expect(accept(token)).rejects.toMatchObject({ status: 409, code: 'INVITATION_USED' });
    const { items } = await listMembers(owner, { role: 'agent' });
    expect(items.map((member) => member.email)).toEqual([email]);
    const signed = await login(context, { email, password, organizationId: tenantId });
    expect(signed.organization.id).toBe(tenantId);
  });

  test('inviteMember: a newer invitation replaces the older one; forged tokens are refused', async () => {
    const { owner } = await createTestTenant(context);
    const email = newAddress();
    const first = await createInvitation(owner, email, 'customer');
    const second = await createInvitation(owner, email, 'customer');
    const refused = { status: 422, code: 'INVITATION_INVALID' };
    for (const token of [first.token, 'x', `${second.token}x`]) {
      await expect(accept(token)).rejects.toMatchObject(refused);
    }
    await accept(second.token);
    await expect(createInvitation(owner, email)).rejects.toMatchObject({
      code: 'ALREADY_MEMBER',
    });
  });

  test('acceptInvitation: an existing user authenticates and joins a second organization', async () => {
    const home = await registerVerifiedUser();
    const { owner, tenantId } = await createTestTenant(context);
    const { token } = await createInvitation(owner, home.email);
    const wrong = accept(token, 'not the password');
    await expect(wrong).rejects.toMatchObject(unauthenticated('INVALID_CREDENTIALS'));
    const joined = await accept(token);
    expect(joined).toMatchObject({ user: { id: home.user.id }, organization: { id: tenantId } });
    const again = await login(context, { email: home.email, password });
    expect(again.organization.id).toBe(home.organization.id);
  });

  test('inviteMember: agents invite only customers, customers invite no one', async () => {
    const { member } = await createTestTenant(context);
    const [agent, customer] = await Promise.all([member('agent'), member('customer')]);
    const invite = (by: Context, role: Role) => createInvitation(by, newAddress(), role);
    await invite(agent, 'customer');
    await expect(invite(agent, 'agent')).rejects.toMatchObject({ status: 403 });
    await expect(invite(customer, 'customer')).rejects.toMatchObject({ status: 403 });
  });
});

describe('members', () => {
  test('updateMember: the last owner remains, also when two leave concurrently', async () => {
    const { owner, member } = await createTestTenant(context);
    const second = await member('owner');
    const leave = (who: Context) => updateMember(who, { userId: userIdOf(who), role: 'admin' });
    const outcomes = await Promise.allSettled([leave(owner), leave(second)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const stays = outcomes[0]?.status === 'rejected' ? owner : second;
    await expect(removeMember(stays, { userId: userIdOf(stays) })).rejects.toMatchObject({
      status: 409,
      code: 'LAST_OWNER',
    });
  });

  test('updateMember: admins cannot change owners; a new role invalidates old tokens', async () => {
    const { owner, member } = await createTestTenant(context);
    const [admin, agent] = await Promise.all([member('admin'), member('agent')]);
    const refused = { status: 403 };
    await expect(removeMember(admin, { userId: userIdOf(owner) })).rejects.toMatchObject(refused);
    await expect(
      updateMember(admin, { userId: userIdOf(agent), role: 'owner' }),
    ).rejects.toMatchObject(refused);
    await updateMember(admin, { userId: userIdOf(agent), role: 'admin' });
    await expect(getMe(agent, {})).rejects.toMatchObject({ status: 401 });
  });

  test('listMembers: pages are ordered newest first', async () => {
    const { owner, member } = await createTestTenant(context);
    const [agent, customer] = [await member('agent'), await member('customer')];
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof listMembers>> = await listMembers(owner, {
        limit: 2,
        ...(cursor && { cursor }),
      });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([customer, agent, owner].map(userIdOf));
  });

  test('updateMember, removeMember: 404 for a user of another organization', async () => {
    const { owner } = await createTestTenant(context);
    const { owner: otherOwner } = await createTestTenant(context);
    const userId = userIdOf(otherOwner);
    await expect(updateMember(owner, { userId, role: 'agent' })).rejects.toMatchObject({
      status: 404,
    });
    await expect(removeMember(owner, { userId })).rejects.toMatchObject({ status: 404 });
  });
});
