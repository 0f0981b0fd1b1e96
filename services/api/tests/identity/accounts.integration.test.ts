import { afterAll, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { login, register, requestPasswordReset } from '@insightdesk/shared/domain/identity/users';
import { verifyEmail } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
afterAll(() => api.close());

const password = 'a long enough password';
const address = () => `${newId('usr')}@example.com`;

interface SignedIn {
  accessToken: string;
  user: { id: Id<'usr'> };
  organization: { id: string };
}

async function registerUser(email = address()) {
  const body = { email, password, name: 'Ann', organizationName: 'Ann & Co' };
  const response = await api.request('POST', '/v1/auth/register', { body });
  const answer = (await response.json()) as SignedIn;
  return { ...answer, email, as: answer.accessToken, userId: answer.user.id };
}

async function registerVerifiedUser() {
  const user = await registerUser();
  await verifyEmail(api.context, user.userId);
  return user;
}

/** The token of the newest link mailed to an address. */
async function linkTo(email: string, purpose: string): Promise<string> {
  const [link] = await api.context.database.read({}, (tx) =>
    tx.execute<{ id: string }>(
      `select id from email_links where email = '${email}' and purpose = '${purpose}'
        order by id desc limit 1`,
    ),
  );
  if (!link) throw new Error('No link');
  return api.context.security.tokenCodec.encode('account-link', [
    purpose,
    fromUuid('lnk', link.id),
  ]);
}

const send = (path: string, body: object, as?: string) =>
  api.request('POST', path, { body, ...(as && { as }) });

describe('email address', () => {
  test('verify-email: verifies the address once, with the password', async () => {
    const { as, email } = await registerUser();
    expect((await send('/v1/auth/verify-email/resend', {}, as)).status).toBe(202);
    const token = await linkTo(email, 'verify');
    await expectError(await send('/v1/auth/verify-email', { token }), 422, 'VALIDATION_FAILED');
    const wrong = await send('/v1/auth/verify-email', { token, password: 'x' });
    await expectError(wrong, 403, 'WRONG_PASSWORD');
    const answer = await send('/v1/auth/verify-email', { token, password });
    expect(await answer.json()).toMatchObject({ user: { email, emailVerified: true } });
    await expectError(
      await send('/v1/auth/verify-email', { token, password }),
      422,
      'LINK_INVALID',
    );
    const me = await api.request('GET', '/v1/me', { as });
    expect(await me.json()).toMatchObject({ user: { emailVerified: true } });
  });

  test('POST /v1/auth/email: 202, 403 with a wrong password', async () => {
    const { as } = await registerVerifiedUser();
    const path = '/v1/auth/email';
    expect((await send(path, { password, email: address() }, as)).status).toBe(202);
    await expectError(
      await send(path, { password: 'x', email: address() }, as),
      403,
      'WRONG_PASSWORD',
    );
  });

  test('POST /v1/invitations: 403 before the email address is verified', async () => {
    const { as } = await registerUser();
    const invite = await send('/v1/invitations', { email: address(), role: 'agent' }, as);
    await expectError(invite, 403, 'EMAIL_NOT_VERIFIED');
  });
});

describe('account enumeration', () => {
  /** The observable parts of a response, without values that differ each time. */
  async function observe(response: Response) {
    const body = JSON.stringify(await response.json())
      .replace(/"(\w*[tT]oken|id|requestId)":"[^"]*"/g, '"$1"')
      .replace(/[\w-]+@example\.com/g, 'address');
    const headers = [...response.headers.keys()].toSorted();
    return { status: response.status, body, headers };
  }

  test('responses do not reveal whether an address has an account', async () => {
    const known = (await registerVerifiedUser()).email;
    const waiting = (await registerUser()).email;
    const requests: ((email: string) => Promise<Response>)[] = [
      (email) =>
        send('/v1/auth/register', { email, password, name: 'Ann', organizationName: 'Ann' }),
      (email) => send('/v1/auth/login', { email, password: 'not the password' }),
      (email) => send('/v1/auth/password/reset', { email }),
    ];
    for (const request of requests) {
      const unknown = await observe(await request(address()));
      expect(await observe(await request(known))).toEqual(unknown);
      expect(await observe(await request(waiting))).toEqual(unknown);
    }
    const { as } = await registerVerifiedUser();
    const change = (email: string) => send('/v1/auth/email', { email, password }, as);
    expect(await observe(await change(known))).toEqual(await observe(await change(address())));
    const { owner } = await api.createTenant();
    const invite = (email: string) => send('/v1/invitations', { email, role: 'agent' }, owner);
    const hideDate = (answer: object) => JSON.stringify(answer).replace(/20\d\d-[^"\\]*/g, '');
    const both = [await observe(await invite(known)), await observe(await invite(address()))];
    expect(hideDate(both[0] ?? {})).toBe(hideDate(both[1] ?? {}));
  });

  test('requests do the same work whether an address has an account', async () => {
    const { context } = api;
    const work: string[][] = [];
    for (const email of [
      (await registerVerifiedUser()).email,
      (await registerUser()).email,
      address(),
    ]) {
      const done: string[] = [];
      const {
        security: { passwords },
        database,
        identityDatabase: identity,
      } = context;
      const counted =
        <A extends unknown[], R>(name: string, work: (...input: A) => R) =>
        (...input: A) => {
          done.push(name);
          return work(...input);
        };
      const observedContext: Context = {
        ...context,
        security: {
          ...context.security,
          passwords: {
            ...passwords,
            hash: counted('hash', passwords.hash),
            verify: counted('verify', passwords.verify),
          },
        },
        database: {
          ...database,
          read: counted('read', database.read) as typeof database.read,
          write: counted('write', database.write) as typeof database.write,
        },
        identityDatabase: {
          read: counted('identity read', identity.read) as typeof identity.read,
          write: counted('identity write', identity.write) as typeof identity.write,
        },
        // Background tasks after the response do not count.
        background: () => {},
      };
      await login(observedContext, { email, password: 'not the password' }).catch(() => {});
      await requestPasswordReset(observedContext, { email });
      await register(observedContext, { email, password, name: 'Ann', organizationName: 'Ann' });
      work.push(done);
    }
    expect(work[1]).toEqual(work[0] ?? []);
    expect(work[2]).toEqual(work[0] ?? []);
    expect(work[0]?.filter((step) => step === 'verify')).toHaveLength(2);
  });
});

describe('password', () => {
  test('password reset: works once and ends all sessions', async () => {
    const { as, email } = await registerVerifiedUser();
    expect((await send('/v1/auth/password/reset', { email })).status).toBe(202);
    const body = { token: await linkTo(email, 'reset'), password: 'another long password' };
    expect((await send('/v1/auth/password/reset/confirm', body)).status).toBe(204);
    await expectError(await send('/v1/auth/password/reset/confirm', body), 422, 'LINK_INVALID');
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(401);
  });

  test('POST /v1/auth/password: 204, 403 with a wrong password, 422 for a short one', async () => {
    const { as } = await registerUser();
    const path = '/v1/auth/password';
    const change = { currentPassword: password, password: 'another long password' };
    await expectError(
      await send(path, { ...change, currentPassword: 'x' }, as),
      403,
      'WRONG_PASSWORD',
    );
    await expectError(await send(path, { ...change, password: 'x' }, as), 422, 'VALIDATION_FAILED');
    expect((await send(path, change, as)).status).toBe(204);
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(200);
  });
});

describe('organizations', () => {
  test('organizations: created, listed and switched to, 404 for those of others', async () => {
    const { as, organization } = await registerVerifiedUser();
    const otherUser = await registerVerifiedUser();
    const created = await send('/v1/organizations', { name: 'Another' }, as);
    expect(created.status).toBe(201);
    const { organization: other } = (await created.json()) as SignedIn;
    const list = await api.request('GET', '/v1/auth/organizations', { as });
    expect(await list.json()).toMatchObject({
      items: [
        { organization: { id: organization.id }, current: true },
        { organization: { id: other.id }, current: false },
      ],
    });
    const path = '/v1/auth/switch';
    const foreign = await send(path, { organizationId: otherUser.organization.id }, as);
    await expectError(foreign, 404, 'NOT_FOUND');
    const switched = await send(path, { organizationId: other.id }, as);
    expect(await switched.json()).toMatchObject({ organization: { id: other.id } });
    await expectError(await api.request('GET', '/v1/me', { as }), 401, 'SESSION_ENDED');
  });

  test('POST /v1/auth/switch: 204 with cookies for X-Session-Mode cookie', async () => {
    const { as } = await registerVerifiedUser();
    const created = await send('/v1/organizations', { name: 'Another' }, as);
    const { organization } = (await created.json()) as SignedIn;
    const headers = {
      Origin: new URL(api.options.config.http.publicUrl).origin,
      'X-Session-Mode': 'cookie',
    };
    const body = { organizationId: organization.id };
    const switched = await api.request('POST', '/v1/auth/switch', { as, body, headers });
    expect([switched.status, switched.headers.getSetCookie().length]).toEqual([204, 2]);
  });

  test('POST /v1/organizations: 422 for a name that contains a link', async () => {
    const { as } = await registerVerifiedUser();
    const created = await send('/v1/organizations', { name: 'Log in at evil.example' }, as);
    await expectError(created, 422, 'VALIDATION_FAILED');
  });
});

test('GET /v1/auth/sessions: names the device of a session', async () => {
  const { email } = await registerUser();
  const headers = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0' };
  const body = { email, password };
  const signedIn = await api.request('POST', '/v1/auth/login', { body, headers });
  const { accessToken: as } = (await signedIn.json()) as SignedIn;
  const list = await api.request('GET', '/v1/auth/sessions', { as });
  const { items } = (await list.json()) as { items: object[] };
  expect(items[0]).toMatchObject({ device: 'Firefox on Linux', current: true });
  expect(items[0]).toHaveProperty('lastSeenAt');
});

testDocumentedResponses(api, 'accounts');
