import { afterAll, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { authenticatedContext, createTestTenant } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { eq } from 'drizzle-orm';
import {
  changePassword,
  createOrganization,
  findLinkEmail,
  getMe,
  inviteMember,
  listMembers,
  listSessions,
  login,
  requestEmailChange,
  requestPasswordReset,
  resendVerification,
  resetPassword,
  showLinksOf,
  verifyEmail,
} from '../index.ts';
import { createTestAccounts, newAddress, password, problem } from '../test-accounts.ts';
import { emailLinkToken } from './email-links.ts';
import { emailLinks } from './tables.ts';

const { context, close, registerUser, registerVerifiedUser, findLink, createInvitation, accept } =
  createTestAccounts();
afterAll(close);

describe('addresses claimed by several accounts', () => {
  test('acceptInvitation: the owner of an address joins, not the squatter who registered with it', async () => {
    const { owner } = await createTestTenant(context);
    const squatter = await registerUser(newAddress(), 'the squatter’s password');
    const { token } = await createInvitation(owner, squatter.email);
    const joined = await accept(token);
    expect(joined.user.id).not.toBe(squatter.user.id);
    const { email } = squatter;
    expect(await login(context, { email, password })).toMatchObject({ user: joined.user });
    const inside = { email, password: 'the squatter’s password', organizationId: owner.tenantId };
    await expect(login(context, inside)).rejects.toMatchObject({ status: 401 });
    const { items } = await listMembers(owner, { role: 'agent' });
    expect(items.map(({ id }) => id)).toEqual([joined.user.id]);
  });

  test('verifyEmail: requires both the emailed token and the password', async () => {
    const squatter = await registerUser();
    const { token } = await findLink('verify', squatter.email);
    await expect(verifyEmail(context, { token, password: 'a guess' })).rejects.toMatchObject(
      problem(403, 'WRONG_PASSWORD'),
    );
    const other = context.security.tokenCodec.encode('invitation', ['verify', newId('lnk')]);
    for (const forged of ['', 'x', `${token}x`, other]) {
      const attempt = verifyEmail(context, { token: forged, password });
      await expect(attempt).rejects.toMatchObject(problem(422, 'LINK_INVALID'));
    }
    expect((await getMe(squatter.ctx, {})).user.emailVerified).toBe(false);
  });

  test('verifyEmail: an address is verified once, for one account', async () => {
    const first = await registerUser();
    const second = await registerUser(first.email, 'another good password');
    const [one, two] = [await tokenOf(first), await tokenOf(second)];
    const twice = await Promise.allSettled([
      verifyEmail(context, { token: one, password }),
      verifyEmail(context, { token: one, password }),
    ]);
    expect(twice.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await getMe(first.ctx, {})).user.emailVerified).toBe(true);
    await expect(
      verifyEmail(context, { token: two, password: 'another good password' }),
    ).rejects.toMatchObject(problem(409, 'EMAIL_TAKEN'));
    expect(await login(context, { email: first.email, password })).toMatchObject({
      user: first.user,
    });
    for (let more = 0; more < 3; more++) await registerUser(first.email, password);
    expect(await login(context, { email: first.email, password })).toMatchObject({
      user: first.user,
    });
  });

  test('login: accounts that others register with the address do not block an unverified owner', async () => {
    const founder = await registerUser();
    for (let others = 0; others < 4; others++)
      await registerUser(founder.email, `the squatter’s password ${others}`);
    expect(await login(context, { email: founder.email, password })).toMatchObject({
      user: founder.user,
    });
    await verifyEmail(context, { token: await tokenOf(founder), password });
    expect(await login(context, { email: founder.email, password })).toMatchObject({
      user: founder.user,
    });
  });

  test('acceptInvitation: verifies the user’s own unverified account with its password', async () => {
    const { owner } = await createTestTenant(context);
    const waiting = await registerUser();
    const { token } = await createInvitation(owner, waiting.email);
    expect((await accept(token)).user.id).toBe(waiting.user.id);
    expect((await getMe(waiting.ctx, {})).user.emailVerified).toBe(true);
  });

  test('verifyEmail: an expired link is refused', async () => {
    const person = await registerUser();
    const old = { purpose: 'verify', id: newId('lnk') } as const;
    const { email, user } = person;
    const expiresAt = new Date(Date.now() - 1000);
    await context.database.write({}, (tx) =>
      tx.insert(emailLinks).values({ ...old, email, userId: user.id, expiresAt }),
    );
    const token = emailLinkToken(context, old);
    await expect(verifyEmail(context, { token, password })).rejects.toMatchObject(
      problem(422, 'LINK_INVALID'),
    );
  });
});

describe('unverified accounts', () => {
  test('inviteMember, createOrganization: refused until the address is verified', async () => {
    const { ctx, email } = await registerUser();
    const invitation = { email: newAddress(), role: 'agent' } as const;
    const first = problem(403, 'EMAIL_NOT_VERIFIED');
    await expect(inviteMember(ctx, invitation)).rejects.toMatchObject(first);
    await expect(createOrganization(ctx, { name: 'Another' })).rejects.toMatchObject(first);
    await verifyEmail(context, { token: (await findLink('verify', email)).token, password });
    await inviteMember(ctx, invitation);
    await createOrganization(ctx, { name: 'Another' });
  });

  test('inviteMember, createOrganization: allowed without verification in development', async () => {
    const { ctx } = await registerUser();
    const here = { ...ctx, settings: { ...ctx.settings, requiresVerifiedEmail: false } };
    await inviteMember(here, { email: newAddress(), role: 'agent' });
    await createOrganization(here, { name: 'Another' });
  });

  test('resendVerification: 5 emails a day, and none once the address is verified', async () => {
    const { ctx, email } = await registerUser();
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, () => resendVerification(ctx, {})),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    const refusal = tries.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(refusal.reason).toMatchObject(problem(429, 'TOO_MANY_MAILS'));
    await verifyEmail(context, { token: (await findLink('verify', email)).token, password });
    for (const { id } of await linksOf(email)) {
      expect(await findLinkEmail(context, id)).toBeUndefined();
    }
  });
});

async function tokenOf({ email, user }: { email: string; user: { id: string } }) {
  const link = (await linksOf(email)).find(({ userId }) => userId === user.id);
  if (!link) throw new Error('No link');
  return emailLinkToken(context, link);
}

async function linksOf(email: string) {
  const [, links] = await context.database.read({}, (tx) =>
    Promise.all([
      showLinksOf(tx, { email }),
      tx.select().from(emailLinks).where(eq(emailLinks.email, email)).execute(),
    ]),
  );
  return links;
}

describe('passwords', () => {
  test('resetPassword: a link works once and revokes all sessions in all organizations', async () => {
    const person = await registerVerifiedUser();
    const { owner } = await createTestTenant(context);
    await accept((await createInvitation(owner, person.email)).token);
    const there = await login(context, {
      email: person.email,
      password,
      organizationId: owner.tenantId ?? newId('org'),
    });
    const elsewhere = await authenticatedContext(context, there.accessToken);
    await requestPasswordReset(context, { email: person.email.toUpperCase() });
    const { token } = await findLink('reset', person.email);
    const chosen = 'a new good password';
    const both = await Promise.allSettled([
      resetPassword(context, { token, password: chosen }),
      resetPassword(context, { token, password: chosen }),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    for (const ctx of [person.ctx, elsewhere]) {
      await expect(getMe(ctx, {})).rejects.toMatchObject(problem(401, 'SESSION_ENDED'));
    }
    const { email } = person;
    await expect(login(context, { email, password })).rejects.toMatchObject({ status: 401 });
    await login(context, { email, password: chosen });
  });

  test('resetPassword: refused for an address without a verified account', async () => {
    const claimed = await registerUser();
    for (const email of [newAddress(), claimed.email]) {
      expect(await requestPasswordReset(context, { email })).toEqual({ accepted: true });
      const link = await findLink('reset', email);
      const mail = await findLinkEmail(context, link.id);
      expect(mail).toEqual(email === claimed.email ? { purpose: 'reset', to: email } : undefined);
      const confirm = resetPassword(context, { token: link.token, password: 'a new password' });
      await expect(confirm).rejects.toMatchObject(problem(422, 'LINK_INVALID'));
    }
    await getMe(claimed.ctx, {});
  });

  test('changePassword: revokes the other sessions and the emailed links', async () => {
    const person = await registerVerifiedUser();
    const other = await authenticatedContext(
      context,
      (await login(context, { email: person.email, password })).accessToken,
    );
    await requestPasswordReset(context, { email: person.email });
    const change = { currentPassword: 'not the password', password: 'a new good password' };
    await expect(changePassword(person.ctx, change)).rejects.toMatchObject(
      problem(403, 'WRONG_PASSWORD'),
    );
    await changePassword(person.ctx, { ...change, currentPassword: password });
    await getMe(person.ctx, {});
    await expect(getMe(other, {})).rejects.toMatchObject(problem(401, 'SESSION_ENDED'));
    const { email } = person;
    await expect(login(context, { email, password })).rejects.toMatchObject({ status: 401 });
    const { token } = await findLink('reset', email);
    await expect(
      resetPassword(context, { token, password: 'yet another password' }),
    ).rejects.toMatchObject({ code: 'LINK_INVALID' });
  });

  test('login: a password that is replaced during its verification creates no session', async () => {
    const person = await registerVerifiedUser();
    const { passwords } = context.security;
    const slow: Context = {
      ...context,
      security: {
        ...context.security,
        passwords: {
          ...passwords,
          async verify(plain, hash) {
            const matches = await passwords.verify(plain, hash);
            if (matches) {
              // From another address, because attempts from one address run one after another.
              await changePassword(
                { ...person.ctx, ip: '192.0.2.1' },
                {
                  currentPassword: password,
                  password: 'a new good password',
                },
              );
            }
            return matches;
          },
        },
      },
    };
    await expect(login(slow, { email: person.email, password })).rejects.toMatchObject(
      problem(401, 'INVALID_CREDENTIALS'),
    );
    expect((await listSessions(person.ctx, {})).items).toHaveLength(1);
  });
});

describe('email changes', () => {
  test('requestEmailChange: the address changes when the new one is verified', async () => {
    const person = await registerVerifiedUser();
    const next = newAddress();
    const wrong = requestEmailChange(person.ctx, { password: 'wrong', email: next });
    await expect(wrong).rejects.toMatchObject(problem(403, 'WRONG_PASSWORD'));
    await requestEmailChange(person.ctx, { password, email: next });
    const { id, token } = await findLink('change', next);
    expect(await findLinkEmail(context, id)).toMatchObject({
      to: next,
      previousEmail: person.email,
    });
    await login(context, { email: person.email, password });
    expect(await verifyEmail(context, { token, password })).toMatchObject({
      user: { email: next, emailVerified: true },
    });
    await login(context, { email: next, password });
    await expect(login(context, { email: person.email, password })).rejects.toMatchObject({
      status: 401,
    });
  });

  test('requestEmailChange: the verified address of another user is refused', async () => {
    const [person, other] = [await registerVerifiedUser(), await registerVerifiedUser()];
    await requestEmailChange(person.ctx, { password, email: other.email });
    const { token } = await findLink('change', other.email);
    await expect(verifyEmail(context, { token, password })).rejects.toMatchObject({
      code: 'EMAIL_TAKEN',
    });
  });
});
