import { afterAll, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { createTestTenant, signedIn } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { eq } from 'drizzle-orm';
import { emailLinkToken } from './email-links.ts';
import {
  changePassword,
  findLinkEmail,
  createOrganization,
  inviteMember,
  listMembers,
  listSessions,
  login,
  getMe,
  requestEmailChange,
  requestPasswordReset,
  resendVerification,
  resetPassword,
  verifyEmail,
} from '../index.ts';
import { emailLinks } from './tables.ts';
import { users } from '../tables.ts';
import { address, openTestAccounts, password, refused } from '../test-accounts.ts';

const { context, close, registered, verified, linkOf, invited, accept } = openTestAccounts();
afterAll(close);

describe('an address that somebody registered with', () => {
  test('stays its owner’s: he is invited and joins, and whoever took it is not let in', async () => {
    const { owner } = await createTestTenant(context);
    const squatter = await registered(address(), 'the squatter’s password');
    const { token } = await invited(owner, squatter.email);
    const joined = await accept(token);
    expect(joined.user.id).not.toBe(squatter.user.id);
    const { email } = squatter;
    expect(await login(context, { email, password })).toMatchObject({ user: joined.user });
    const inside = { email, password: 'the squatter’s password', organizationId: owner.tenantId };
    await expect(login(context, inside)).rejects.toMatchObject({ status: 401 });
    const { items } = await listMembers(owner, { role: 'agent' });
    expect(items.map(({ id }) => id)).toEqual([joined.user.id]);
  });

  test('cannot be made the squatter’s by its owner’s click, nor by the squatter without the mail', async () => {
    const squatter = await registered();
    const { token } = await linkOf('verify', squatter.email);
    await expect(verifyEmail(context, { token, password: 'a guess' })).rejects.toMatchObject(
      refused(403, 'WRONG_PASSWORD'),
    );
    const other = context.security.tokenCodec.seal('invitation', ['verify', newId('lnk')]);
    for (const forged of ['', 'x', `${token}x`, other]) {
      const attempt = verifyEmail(context, { token: forged, password });
      await expect(attempt).rejects.toMatchObject(refused(422, 'LINK_INVALID'));
    }
    expect((await getMe(squatter.ctx, {})).user.emailVerified).toBe(false);
  });

  test('is verified once; a second account with it cannot be', async () => {
    const first = await registered();
    const second = await registered(first.email, 'another good password');
    const links = [];
    for (const { user } of [first, second]) {
      const [link] = await context.database.read({}, (tx) =>
        tx.select().from(emailLinks).where(eq(emailLinks.userId, user.id)).execute(),
      );
      if (!link) throw new Error('No link');
      links.push(emailLinkToken(context, link));
    }
    const [one = '', two = ''] = links;
    const twice = await Promise.allSettled([
      verifyEmail(context, { token: one, password }),
      verifyEmail(context, { token: one, password }),
    ]);
    expect(twice.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await getMe(first.ctx, {})).user.emailVerified).toBe(true);
    await expect(
      verifyEmail(context, { token: two, password: 'another good password' }),
    ).rejects.toMatchObject(refused(409, 'EMAIL_TAKEN'));
    expect(await login(context, { email: first.email, password })).toMatchObject({
      user: first.user,
    });
    for (let more = 0; more < 3; more++) await registered(first.email, password);
    expect(await login(context, { email: first.email, password })).toMatchObject({
      user: first.user,
    });
  });

  test('an own account that waits for its mail is verified by an invitation and its password', async () => {
    const { owner } = await createTestTenant(context);
    const waiting = await registered();
    const { token } = await invited(owner, waiting.email);
    expect((await accept(token)).user.id).toBe(waiting.user.id);
    expect((await getMe(waiting.ctx, {})).user.emailVerified).toBe(true);
  });

  test('an expired link is refused', async () => {
    const person = await registered();
    const old = { purpose: 'verify', id: newId('lnk') } as const;
    const { email, user } = person;
    const expiresAt = new Date(Date.now() - 1000);
    await context.database.write({}, (tx) =>
      tx.insert(emailLinks).values({ ...old, email, userId: user.id, expiresAt }),
    );
    const token = emailLinkToken(context, old);
    await expect(verifyEmail(context, { token, password })).rejects.toMatchObject(
      refused(422, 'LINK_INVALID'),
    );
  });
});

describe('until the address is verified', () => {
  test('nobody is invited and no organisation is founded; then both', async () => {
    const { ctx, email } = await registered();
    const wanted = { email: address(), role: 'agent' } as const;
    const first = refused(403, 'EMAIL_NOT_VERIFIED');
    await expect(inviteMember(ctx, wanted)).rejects.toMatchObject(first);
    await expect(createOrganization(ctx, { name: 'Another' })).rejects.toMatchObject(first);
    await verifyEmail(context, { token: (await linkOf('verify', email)).token, password });
    await inviteMember(ctx, wanted);
    await createOrganization(ctx, { name: 'Another' });
  });

  test('both are possible where all mail stays in the inbox of this machine', async () => {
    const { ctx } = await registered();
    const here = { ...ctx, settings: { ...ctx.settings, requiresVerifiedEmail: false } };
    await inviteMember(here, { email: address(), role: 'agent' });
    await createOrganization(here, { name: 'Another' });
  });

  test('the mail comes again five times a day, exactly, and not once it is verified', async () => {
    const { ctx, email } = await registered();
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, () => resendVerification(ctx, {})),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    const refusal = tries.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(refusal.reason).toMatchObject(refused(429, 'TOO_MANY_MAILS'));
    await verifyEmail(context, { token: (await linkOf('verify', email)).token, password });
    for (const { id } of await linksOf(email)) {
      expect(await findLinkEmail(context, id)).toBeUndefined();
    }
  });
});

const linksOf = (email: string) =>
  context.database.read({}, (tx) =>
    tx.select().from(emailLinks).where(eq(emailLinks.email, email)).execute(),
  );

describe('a password', () => {
  test('is reset by mail, once; every session in every organisation ends', async () => {
    const person = await verified();
    const { owner } = await createTestTenant(context);
    await accept((await invited(owner, person.email)).token);
    const there = await login(context, {
      email: person.email,
      password,
      organizationId: owner.tenantId ?? newId('org'),
    });
    const elsewhere = await signedIn(context, there.accessToken);
    await requestPasswordReset(context, { email: person.email.toUpperCase() });
    const { token } = await linkOf('reset', person.email);
    const chosen = 'a new good password';
    const both = await Promise.allSettled([
      resetPassword(context, { token, password: chosen }),
      resetPassword(context, { token, password: chosen }),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    for (const ctx of [person.ctx, elsewhere]) {
      await expect(getMe(ctx, {})).rejects.toMatchObject(refused(401, 'SESSION_ENDED'));
    }
    const { email } = person;
    await expect(login(context, { email, password })).rejects.toMatchObject({ status: 401 });
    await login(context, { email, password: chosen });
  });

  test('nobody’s is reset for an address without account or with accounts that only claim it', async () => {
    const claimed = await registered();
    for (const email of [address(), claimed.email]) {
      expect(await requestPasswordReset(context, { email })).toEqual({ accepted: true });
      const link = await linkOf('reset', email);
      const mail = await findLinkEmail(context, link.id);
      expect(mail).toEqual(email === claimed.email ? { purpose: 'reset', to: email } : undefined);
      const confirm = resetPassword(context, { token: link.token, password: 'a new password' });
      await expect(confirm).rejects.toMatchObject(refused(422, 'LINK_INVALID'));
    }
    await getMe(claimed.ctx, {});
  });

  test('is changed by who knows it: this session stays, the others end, and mailed links are void', async () => {
    const person = await verified();
    const other = await signedIn(
      context,
      (await login(context, { email: person.email, password })).accessToken,
    );
    await requestPasswordReset(context, { email: person.email });
    const change = { currentPassword: 'not the password', password: 'a new good password' };
    await expect(changePassword(person.ctx, change)).rejects.toMatchObject(
      refused(403, 'WRONG_PASSWORD'),
    );
    await changePassword(person.ctx, { ...change, currentPassword: password });
    await getMe(person.ctx, {});
    await expect(getMe(other, {})).rejects.toMatchObject(refused(401, 'SESSION_ENDED'));
    const { email } = person;
    await expect(login(context, { email, password })).rejects.toMatchObject({ status: 401 });
    const { token } = await linkOf('reset', email);
    await expect(
      resetPassword(context, { token, password: 'yet another password' }),
    ).rejects.toMatchObject({ code: 'LINK_INVALID' });
  });

  test('that was replaced while it was checked opens no session', async () => {
    const person = await verified();
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
              // From elsewhere: tries from one address are looked at one after another.
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
      refused(401, 'INVALID_CREDENTIALS'),
    );
    expect((await listSessions(person.ctx, {})).items).toHaveLength(1);
  });

  test.each(['changed', 'reset'])('that is %s is written by one at a time', async (how) => {
    const { ctx, email, user } = await verified();
    await requestPasswordReset(context, { email });
    const { token } = await linkOf('reset', email);
    const isFree = async () => {
      const rows = await context.database.write({}, (tx) =>
        tx
          .select({ id: users.id })
          .from(users)
          .where(eq(users.id, user.id))
          .for('share', { skipLocked: true }),
      );
      return rows.length === 1;
    };
    const free: boolean[] = [];
    const write: Context['identityDatabase']['write'] = async (...work) => {
      free.push(await isFree());
      return context.identityDatabase.write(...work);
    };
    const identity = { ...context.identityDatabase, write };
    const chosen = 'a new good password';
    const change = { currentPassword: password, password: chosen };
    if (how === 'changed') await changePassword({ ...ctx, identityDatabase: identity }, change);
    else
      await resetPassword({ ...context, identityDatabase: identity }, { token, password: chosen });
    expect(free.at(-1)).toBe(false);
    expect(await isFree()).toBe(true);
  });
});

describe('an address', () => {
  test('is replaced once the new one is confirmed, and the former one hears of both', async () => {
    const person = await verified();
    const next = address();
    const wrong = requestEmailChange(person.ctx, { password: 'wrong', email: next });
    await expect(wrong).rejects.toMatchObject(refused(403, 'WRONG_PASSWORD'));
    await requestEmailChange(person.ctx, { password, email: next });
    const { id, token } = await linkOf('change', next);
    expect(await findLinkEmail(context, id)).toMatchObject({ to: next, formerly: person.email });
    await login(context, { email: person.email, password });
    expect(await verifyEmail(context, { token, password })).toMatchObject({
      user: { email: next, emailVerified: true },
    });
    await login(context, { email: next, password });
    await expect(login(context, { email: person.email, password })).rejects.toMatchObject({
      status: 401,
    });
  });

  test('of somebody else is not taken', async () => {
    const [person, other] = [await verified(), await verified()];
    await requestEmailChange(person.ctx, { password, email: other.email });
    const { token } = await linkOf('change', other.email);
    await expect(verifyEmail(context, { token, password })).rejects.toMatchObject({
      code: 'EMAIL_TAKEN',
    });
  });
});
