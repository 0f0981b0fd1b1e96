import { afterAll, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { login, register, requestPasswordReset } from '@insightdesk/shared/domain/identity/users';
import { findEmailLink } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';
import { createTestUsers, password, type SignedIn } from '../../testing/test-users.ts';

const api = createIntegrationApi();
const users = createTestUsers(api);
afterAll(() => api.close());

const address = () => `${newId('usr')}@example.com`;
const send = (path: string, body: object, as?: string) =>
  api.request('POST', path, { body, ...(as && { as }) });

test('email address: verified by an emailed link and the password, and changed', async () => {
  const { accessToken: as, email } = await users.registerUnverified();
  expect((await send('/v1/auth/verify-email/resend', {}, as)).status).toBe(202);
  const { token } = await findEmailLink(api.context, 'verify', email);
  await expectError(send('/v1/auth/verify-email', { token }), 422, 'VALIDATION_FAILED');
  const verified = await send('/v1/auth/verify-email', { token, password });
  expect(await verified.json()).toMatchObject({ user: { email, emailVerified: true } });
  expect((await send('/v1/auth/email', { password, email: address() }, as)).status).toBe(202);
});

test('password: changed, and reset by an emailed link', async () => {
  const { accessToken: as, email } = await users.register();
  const change = { currentPassword: password, password: 'another long password' };
  expect((await send('/v1/auth/password', change, as)).status).toBe(204);
  expect((await send('/v1/auth/password/reset', { email })).status).toBe(202);
  const { token } = await findEmailLink(api.context, 'reset', email);
  const show = () => api.request('GET', `/v1/auth/link?token=${token}`);
  expect(await (await show()).json()).toMatchObject({ purpose: 'reset', email });
  const confirmed = await send('/v1/auth/password/reset/confirm', { token, password });
  expect(confirmed.status).toBe(204);
  await expectError(show(), 422, 'LINK_INVALID');
});

test('organizations: created, listed and switched to', async () => {
  const { accessToken: as, organization } = await users.register();
  const withLink = send('/v1/organizations', { name: 'Log in at evil.example' }, as);
  await expectError(withLink, 422, 'VALIDATION_FAILED');
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
  const switched = await send('/v1/auth/switch', { organizationId: other.id }, as);
  const { accessToken } = (await switched.json()) as SignedIn;
  const headers = { Origin: api.options.config.http.publicUrl, 'X-Session-Mode': 'cookie' };
  const body = { organizationId: organization.id };
  const back = await api.request('POST', '/v1/auth/switch', { as: accessToken, body, headers });
  expect([back.status, back.headers.getSetCookie().length]).toEqual([204, 2]);
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
    const known = (await users.register()).email;
    const waiting = (await users.registerUnverified()).email;
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
    const { accessToken: as } = await users.register();
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
    const { passwords } = context.security;
    const { database, identityDatabase: identity } = context;
    const work: string[][] = [];
    const known = (await users.register()).email;
    const waiting = (await users.registerUnverified()).email;
    for (const email of [known, waiting, address()]) {
      const done: string[] = [];
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

testDocumentedResponses(api, 'accounts');
