import { afterAll, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { createDatabase } from '@insightdesk/shared/database';
import {
  createTestContext,
  createTestTenant,
  openWayToDatabase,
  signedIn,
  userOf,
  verifyAddress,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import {
  acceptInvitation,
  updateMember,
  createInvitationToken,
  inviteMember,
  listMembers,
  listSessions,
  login,
  logout,
  logoutAll,
  getMe,
  refreshTokens,
  register,
  removeMember,
  revokeSession,
} from '../index.ts';

const { context, close } = createTestContext();
afterAll(close);

const password = 'correct horse battery';
const someone = () => ({
  email: `${newId('usr')}@Example.com`,
  password,
  name: 'Somebody',
  organizationName: 'Somewhere',
});
const unauthenticated = (code: string) => ({ status: 401, code });

describe('register and login', () => {
  test('the founder is owner and can sign in by any spelling of the address', async () => {
    const input = someone();
    const founded = await register(context, input);
    const owner = await signedIn(context, founded.accessToken);
    expect(await getMe(owner, {})).toMatchObject({ role: 'owner', user: founded.user });
    const again = await login(context, { email: input.email.toUpperCase(), password });
    expect(again).toMatchObject({ user: founded.user, organization: founded.organization });
  });

  test('a wrong password, an unknown person and a foreign organisation look the same', async () => {
    const input = someone();
    await register(context, input);
    const { email } = input;
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
  test('a successor works, its predecessor ends the session', async () => {
    const first = await register(context, someone());
    const second = await refreshTokens(context, { refreshToken: first.refreshToken });
    const third = await refreshTokens(context, { refreshToken: second.refreshToken });
    const caller = await signedIn(context, third.accessToken);
    await getMe(caller, {});
    const reused = unauthenticated('TOKEN_REUSED');
    await expect(refreshTokens(context, { refreshToken: second.refreshToken })).rejects.toMatchObject(
      reused,
    );
    await expect(refreshTokens(context, { refreshToken: third.refreshToken })).rejects.toMatchObject(
      unauthenticated('TOKEN_INVALID'),
    );
    await expect(getMe(caller, {})).rejects.toMatchObject(unauthenticated('SESSION_ENDED'));
  });

  test('twenty at once all get the same successor', async () => {
    const pair = await register(context, someone());
    const all = await Promise.all(
      Array.from({ length: 20 }, () => refreshTokens(context, { refreshToken: pair.refreshToken })),
    );
    expect(new Set(all.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    const [one] = all;
    if (!one) throw new Error('No successor');
    expect((await refreshTokens(context, { refreshToken: one.refreshToken })).refreshToken).not.toBe(
      one.refreshToken,
    );
  });

  test('whoever came before a successor was handed out gets it, however long it waits here', async () => {
    const { refreshToken } = await register(context, someone());
    const handedOut = refreshTokens(context, { refreshToken });
    const { database } = context;
    const crowded: typeof database = {
      ...database,
      write: (...work) => handedOut.then(() => database.write(...work)),
    };
    const late = refreshTokens({ ...context, database: crowded }, { refreshToken });
    expect((await late).refreshToken).toBe((await handedOut).refreshToken);
    await expect(refreshTokens(context, { refreshToken })).rejects.toMatchObject(
      unauthenticated('TOKEN_REUSED'),
    );
  });

  test('a connection that is slow to open makes nobody late', async () => {
    const { refreshToken } = await register(context, someone());
    const handedOut = refreshTokens(context, { refreshToken });
    const way = await openWayToDatabase({ open: handedOut });
    const limits = { poolMin: 1, poolMax: 1, timeoutMs: 10_000, slowQueryMs: 10_000 };
    const database = createDatabase({ url: way.url, ...limits });
    try {
      const late = refreshTokens({ ...context, database }, { refreshToken });
      expect((await late).refreshToken).toBe((await handedOut).refreshToken);
    } finally {
      await database.close(100);
      way.close();
    }
  });

  test.each(['', 'nonsense', 'a.b'])('%p is not a refresh token', async (refreshToken) => {
    await expect(refreshTokens(context, { refreshToken })).rejects.toMatchObject(
      unauthenticated('TOKEN_INVALID'),
    );
  });
});

describe('sessions', () => {
  test('are listed, ended one by one or all, and end at once', async () => {
    const input = someone();
    const one = await register(context, input);
    const two = await login({ ...context, ip: '10.0.0.1', userAgent: 'Test' }, input2(input));
    const [first, second] = await Promise.all(
      [one, two].map(({ accessToken }) => signedIn(context, accessToken)),
    );
    if (!first || !second) throw new Error('Not signed in');
    const { items } = await listSessions(second, {});
    expect(items.map(({ current }) => current)).toEqual([true, false]);
    expect(items[0]).toMatchObject({ ip: '10.0.0.1', userAgent: 'Test' });
    await revokeSession(second, { id: items[1]?.id ?? newId('ses') });
    await expect(getMe(first, {})).rejects.toMatchObject(unauthenticated('SESSION_ENDED'));
    await expect(revokeSession(second, { id: newId('ses') })).rejects.toMatchObject({
      status: 404,
    });
    const other = await signedIn(context, (await login(context, input2(input))).accessToken);
    await logout(other, {});
    await expect(getMe(other, {})).rejects.toMatchObject({ status: 401 });
    await logoutAll(second, {});
    await expect(getMe(second, {})).rejects.toMatchObject({ status: 401 });
  });
});

const input2 = ({ email }: { email: string }) => ({ email, password });

describe('invitations', () => {
  const accept = (token: string, name = 'Guest') =>
    acceptInvitation(context, { token, name, password });
  const invited = async (by: Context, role: 'agent' | 'customer', address?: string) => {
    const email = address ?? `${newId('usr')}@example.com`;
    const { id } = await inviteMember(by, { email, role });
    return { email, token: createInvitationToken(context, by.tenantId ?? newId('org'), id) };
  };

  test('a guest joins once, in the role it was invited to', async () => {
    const { owner, tenantId } = await createTestTenant(context);
    const { token, email } = await invited(owner, 'agent');
    const [joined, twice] = await Promise.allSettled([accept(token), accept(token)]);
    const outcomes = [joined.status, twice.status].toSorted();
    expect(outcomes).toEqual(['fulfilled', 'rejected']);
    await expect(accept(token)).rejects.toMatchObject({ status: 409, code: 'INVITATION_USED' });
    const { items } = await listMembers(owner, { role: 'agent' });
    expect(items.map((member) => member.email)).toEqual([email]);
    const signed = await login(context, { email, password, organizationId: tenantId });
    expect(signed.organization.id).toBe(tenantId);
  });

  test('a newer invitation replaces the older; forged and foreign tokens are refused', async () => {
    const { owner } = await createTestTenant(context);
    const first = await invited(owner, 'customer');
    const second = await invited(owner, 'customer', first.email);
    const refused = { status: 422, code: 'INVITATION_INVALID' };
    for (const token of [first.token, 'x', `${second.token}x`]) {
      await expect(accept(token)).rejects.toMatchObject(refused);
    }
    await accept(second.token);
    await expect(inviteMember(owner, { email: first.email, role: 'agent' })).rejects.toMatchObject({
      code: 'ALREADY_MEMBER',
    });
  });

  test('a known person proves itself and belongs to both', async () => {
    const input = someone();
    const home = await register(context, input);
    await verifyAddress(context, home.user.id);
    const { owner, tenantId } = await createTestTenant(context);
    const { token } = await invited(owner, 'agent', input.email);
    const wrong = acceptInvitation(context, { token, name: 'x', password: 'not the password' });
    await expect(wrong).rejects.toMatchObject(unauthenticated('INVALID_CREDENTIALS'));
    const joined = await accept(token);
    expect(joined).toMatchObject({ user: { id: home.user.id }, organization: { id: tenantId } });
    expect((await login(context, input2(input))).organization.id).toBe(home.organization.id);
  });

  test('agents invite customers only, customers nobody', async () => {
    const { member } = await createTestTenant(context);
    const [agent, customer] = await Promise.all([member('agent'), member('customer')]);
    await invited(agent, 'customer');
    await expect(invited(agent, 'agent')).rejects.toMatchObject({ status: 403 });
    await expect(invited(customer, 'customer')).rejects.toMatchObject({ status: 403 });
  });
});

describe('members', () => {
  test('the last owner stays; two cannot leave at the same moment', async () => {
    const { owner, member } = await createTestTenant(context);
    const second = await member('owner');
    const leave = (who: Context) => updateMember(who, { userId: userOf(who), role: 'admin' });
    const outcomes = await Promise.allSettled([leave(owner), leave(second)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const stays = outcomes[0]?.status === 'rejected' ? owner : second;
    await expect(removeMember(stays, { userId: userOf(stays) })).rejects.toMatchObject({
      status: 409,
      code: 'LAST_OWNER',
    });
  });

  test('admins do not touch owners; a new role makes old tokens void', async () => {
    const { owner, member } = await createTestTenant(context);
    const [admin, agent] = await Promise.all([member('admin'), member('agent')]);
    const refused = { status: 403 };
    await expect(removeMember(admin, { userId: userOf(owner) })).rejects.toMatchObject(refused);
    await expect(updateMember(admin, { userId: userOf(agent), role: 'owner' })).rejects.toMatchObject(
      refused,
    );
    await updateMember(admin, { userId: userOf(agent), role: 'admin' });
    await expect(getMe(agent, {})).rejects.toMatchObject({ status: 401 });
  });

  test('are listed newest first, page by page', async () => {
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
    expect(seen).toEqual([customer, agent, owner].map(userOf));
  });

  test('a stranger’s id is 404', async () => {
    const { owner } = await createTestTenant(context);
    const { owner: stranger } = await createTestTenant(context);
    const userId = userOf(stranger);
    await expect(updateMember(owner, { userId, role: 'agent' })).rejects.toMatchObject({
      status: 404,
    });
    await expect(removeMember(owner, { userId })).rejects.toMatchObject({ status: 404 });
  });
});
