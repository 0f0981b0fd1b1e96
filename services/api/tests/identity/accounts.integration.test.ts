import { afterAll, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { login, register, requestPasswordReset } from '@insightdesk/shared/domain/identity/users';
import { verifyAddress } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
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

async function registered(email = address()) {
  const body = { email, password, name: 'Ann', organizationName: 'Ann & Co' };
  const response = await api.request('POST', '/v1/auth/register', { body });
  const answer = (await response.json()) as SignedIn;
  return { ...answer, email, as: answer.accessToken, userId: answer.user.id };
}

async function verified() {
  const person = await registered();
  await verifyAddress(api.context, person.userId);
  return person;
}

async function refused(response: Response, status: number, code: string) {
  expect(await response.json()).toMatchObject({ status, code });
}

/** The newest link for an address, sealed as its letter has it. */
async function linkTo(email: string, purpose: string): Promise<string> {
  const [link] = await api.context.database.read({}, (tx) =>
    tx.execute<{ id: string }>(
      `select id from account_links where email = '${email}' and purpose = '${purpose}'
        order by id desc limit 1`,
    ),
  );
  if (!link) throw new Error('No link');
  return api.context.security.tokenCodec.seal('account-link', [purpose, fromUuid('lnk', link.id)]);
}

const send = (path: string, body: object, as?: string) =>
  api.request('POST', path, { body, ...(as && { as }) });

describe('an address', () => {
  test('202, 200 by its link, 422 by the same again; `me` tells', async () => {
    const { as, email } = await registered();
    expect((await send('/v1/auth/verify-email/resend', {}, as)).status).toBe(202);
    const token = await linkTo(email, 'verify');
    await refused(await send('/v1/auth/verify-email', { token }), 422, 'VALIDATION_FAILED');
    const wrong = await send('/v1/auth/verify-email', { token, password: 'x' });
    await refused(wrong, 403, 'WRONG_PASSWORD');
    const answer = await send('/v1/auth/verify-email', { token, password });
    expect(await answer.json()).toMatchObject({ user: { email, emailVerified: true } });
    await refused(await send('/v1/auth/verify-email', { token, password }), 422, 'LINK_INVALID');
    const me = await api.request('GET', '/v1/me', { as });
    expect(await me.json()).toMatchObject({ user: { emailVerified: true } });
  });

  test('202: another one is asked for; 403 with a wrong password', async () => {
    const { as } = await verified();
    const path = '/v1/auth/email';
    expect((await send(path, { password, email: address() }, as)).status).toBe(202);
    await refused(await send(path, { password: 'x', email: address() }, as), 403, 'WRONG_PASSWORD');
  });

  test('403: who has not verified it invites nobody', async () => {
    const { as } = await registered();
    const invite = await send('/v1/invitations', { email: address(), role: 'agent' }, as);
    await refused(invite, 403, 'EMAIL_NOT_VERIFIED');
  });
});

describe('whether an address has an account', () => {
  /** All that a stranger can tell from an answer, but for what is new each time. */
  async function seen(response: Response) {
    const told = JSON.stringify(await response.json())
      .replace(/"(\w*[tT]oken|id|requestId)":"[^"]*"/g, '"$1"')
      .replace(/[\w-]+@example\.com/g, 'address');
    const headers = [...response.headers.keys()].toSorted();
    return { status: response.status, told, headers };
  }

  test('is told by no answer', async () => {
    const known = (await verified()).email;
    const waiting = (await registered()).email;
    const questions: ((email: string) => Promise<Response>)[] = [
      (email) =>
        send('/v1/auth/register', { email, password, name: 'Ann', organizationName: 'Ann' }),
      (email) => send('/v1/auth/login', { email, password: 'not the password' }),
      (email) => send('/v1/auth/password/reset', { email }),
    ];
    for (const request of questions) {
      const unknown = await seen(await request(address()));
      expect(await seen(await request(known))).toEqual(unknown);
      expect(await seen(await request(waiting))).toEqual(unknown);
    }
    const { as } = await verified();
    const change = (email: string) => send('/v1/auth/email', { email, password }, as);
    expect(await seen(await change(known))).toEqual(await seen(await change(address())));
    const { owner } = await api.openTenant();
    const invite = (email: string) => send('/v1/invitations', { email, role: 'agent' }, owner);
    const hideDate = (answer: object) => JSON.stringify(answer).replace(/20\d\d-[^"\\]*/g, '');
    const both = [await seen(await invite(known)), await seen(await invite(address()))];
    expect(hideDate(both[0] ?? {})).toBe(hideDate(both[1] ?? {}));
  });

  test('is told by no difference in work', async () => {
    const { context } = api;
    const work: string[][] = [];
    for (const email of [(await verified()).email, (await registered()).email, address()]) {
      const done: string[] = [];
      const {
        security: { passwords },
        database,
        identityDatabase: identity,
      } = context;
      const noted =
        <A extends unknown[], R>(name: string, work: (...given: A) => R) =>
        (...given: A) => {
          done.push(name);
          return work(...given);
        };
      const watched: Context = {
        ...context,
        security: {
          ...context.security,
          passwords: {
            ...passwords,
            hash: noted('hash', passwords.hash),
            verify: noted('verify', passwords.verify),
          },
        },
        database: {
          ...database,
          read: noted('read', database.read) as typeof database.read,
          write: noted('write', database.write) as typeof database.write,
        },
        identityDatabase: {
          read: noted('identity read', identity.read) as typeof identity.read,
          write: noted('identity write', identity.write) as typeof identity.write,
        },
        // What comes after the answer is no part of it.
        background: () => {},
      };
      await login(watched, { email, password: 'not the password' }).catch(() => {});
      await requestPasswordReset(watched, { email });
      await register(watched, { email, password, name: 'Ann', organizationName: 'Ann' });
      work.push(done);
    }
    expect(work[1]).toEqual(work[0] ?? []);
    expect(work[2]).toEqual(work[0] ?? []);
    expect(work[0]?.filter((step) => step === 'verify')).toHaveLength(2);
  });
});

describe('a password', () => {
  test('202, then 204 once; sessions end', async () => {
    const { as, email } = await verified();
    expect((await send('/v1/auth/password/reset', { email })).status).toBe(202);
    const body = { token: await linkTo(email, 'reset'), password: 'another long password' };
    expect((await send('/v1/auth/password/reset/confirm', body)).status).toBe(204);
    await refused(await send('/v1/auth/password/reset/confirm', body), 422, 'LINK_INVALID');
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(401);
  });

  test('204: changed; 403 with a wrong one; 422 for a short one', async () => {
    const { as } = await registered();
    const path = '/v1/auth/password';
    const change = { currentPassword: password, password: 'another long password' };
    await refused(await send(path, { ...change, currentPassword: 'x' }, as), 403, 'WRONG_PASSWORD');
    await refused(await send(path, { ...change, password: 'x' }, as), 422, 'VALIDATION_FAILED');
    expect((await send(path, change, as)).status).toBe(204);
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(200);
  });
});

describe('organisations', () => {
  test('201, 200: founded, listed, switched to; 404 to strangers’', async () => {
    const { as, organization } = await verified();
    const stranger = await verified();
    const founded = await send('/v1/organizations', { name: 'Another' }, as);
    expect(founded.status).toBe(201);
    const { organization: other } = (await founded.json()) as SignedIn;
    const list = await api.request('GET', '/v1/auth/organizations', { as });
    expect(await list.json()).toMatchObject({
      items: [
        { organization: { id: organization.id }, current: true },
        { organization: { id: other.id }, current: false },
      ],
    });
    const path = '/v1/auth/switch';
    const away = await send(path, { organizationId: stranger.organization.id }, as);
    await refused(away, 404, 'NOT_FOUND');
    const switched = await send(path, { organizationId: other.id }, as);
    expect(await switched.json()).toMatchObject({ organization: { id: other.id } });
    await refused(await api.request('GET', '/v1/me', { as }), 401, 'SESSION_ENDED');
  });

  test('204: switched to in cookies, by a browser that asks for them', async () => {
    const { as } = await verified();
    const founded = await send('/v1/organizations', { name: 'Another' }, as);
    const { organization } = (await founded.json()) as SignedIn;
    const headers = {
      Origin: new URL(api.options.config.http.publicUrl).origin,
      'X-Session-Mode': 'cookie',
    };
    const body = { organizationId: organization.id };
    const switched = await api.request('POST', '/v1/auth/switch', { as, body, headers });
    expect([switched.status, switched.headers.getSetCookie().length]).toEqual([204, 2]);
  });

  test('422: a name that reads like a link', async () => {
    const { as } = await verified();
    const founded = await send('/v1/organizations', { name: 'Log in at evil.example' }, as);
    await refused(founded, 422, 'VALIDATION_FAILED');
  });
});

test('a device is named', async () => {
  const { email } = await registered();
  const headers = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0' };
  const body = { email, password };
  const signedIn = await api.request('POST', '/v1/auth/login', { body, headers });
  const { accessToken: as } = (await signedIn.json()) as SignedIn;
  const list = await api.request('GET', '/v1/auth/sessions', { as });
  const { items } = (await list.json()) as { items: object[] };
  expect(items[0]).toMatchObject({ device: 'Firefox on Linux', current: true });
  expect(items[0]).toHaveProperty('lastSeenAt');
});

testDocumentedResponses(
  api,
  '/v1/auth/verify-email',
  '/v1/auth/password',
  '/v1/auth/email',
  '/v1/auth/organizations',
  '/v1/auth/switch',
  '/v1/organizations',
);
