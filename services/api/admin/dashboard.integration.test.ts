import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { createAuthenticator, totpCode } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { enabledRoutes } from '../route.ts';
import { expectError } from '../testing/expect-error.ts';
import { createIntegrationApi } from '../testing/integration-api.ts';

const password = 'correct horse battery';
const withoutDashboard = createIntegrationApi();
let api: ReturnType<typeof createIntegrationApi>;
let operator: TestUser;
let otherOwner: TestUser;
let admin: TestUser;
/** Owners of the operators' organization with a second factor. */
let totpOwner: TestUser & { secret: string };
let passkeyOwner: TestUser & { key: ReturnType<typeof createAuthenticator> };

interface TestUser {
  email: string;
  organizationId: Id<'org'>;
  token: string;
}

async function post(path: string, body: object, token?: string) {
  const response = await withoutDashboard.request('POST', path, {
    body,
    ...(token && { as: token }),
  });
  return (await response.json()) as { accessToken: string; organization: { id: Id<'org'> } };
}

async function register(): Promise<TestUser> {
  const email = `${newId('usr')}@example.com`;
  const body = { email, password, name: 'An owner', organizationName: 'A company' };
  const { accessToken: token, organization } = await post('/v1/auth/register', body);
  return { email, organizationId: organization.id, token };
}

beforeAll(async () => {
  [operator, otherOwner, admin] = await Promise.all([register(), register(), register()]);
  const operatorId = operator.organizationId;
  api = createIntegrationApi(undefined, {
    dashboard: { operatorId, queues: () => api.container.jobs.queues },
  });
  await join(admin, 'admin');
  // A queue without a handler is shown while it has jobs.
  await api.container.jobs.queues.get('calendar-sync').add('waiting', {} as never, { jobId });
  const [first, second] = [await register(), await register()];
  totpOwner = { ...first, secret: await setUpTotp(first) };
  passkeyOwner = { ...second, key: await setUpPasskey(second) };
  await Promise.all([join(totpOwner, 'owner'), join(passkeyOwner, 'owner')]);
});

/** Makes a user a member of the operators' organization. */
async function join({ token }: TestUser, role: 'owner' | 'admin') {
  const { members } = await import('@insightdesk/shared/domain/identity/users');
  const { context } = withoutDashboard;
  const { userId } = await context.security.tokens.verifyAccess(token);
  const tenantId = operator.organizationId;
  await context.database.write({ tenantId }, (tx) =>
    tx.insert(members).values({ tenantId, userId, role }),
  );
}

async function setUpTotp({ token }: TestUser): Promise<string> {
  const started: unknown = await post('/v1/auth/two-factor', { password }, token);
  const { secret } = started as { secret: string };
  await post('/v1/auth/two-factor/confirm', { code: totpCode(secret) }, token);
  return secret;
}

interface PasskeyOptions {
  token: string;
  options: { challenge: string };
}

async function setUpPasskey({ token: as }: TestUser) {
  const { origin, hostname: host } = new URL(withoutDashboard.options.config.http.publicUrl);
  const key = createAuthenticator({ origin, host });
  const created: unknown = await post('/v1/auth/passkeys/options', { password }, as);
  const { token, options } = created as PasskeyOptions;
  await post('/v1/auth/passkeys', { token, response: key.create(options) }, as);
  return key;
}
const jobId = newId('evt');
afterAll(async () => {
  await api.container.jobs.queues.get('calendar-sync').remove(jobId);
});
afterAll(() => Promise.all([withoutDashboard.close(), api.close()]));

const origin = { Host: 'desk.example', Origin: 'https://desk.example' };
const at = (path: string, init: RequestInit = {}) =>
  api.app.request(`https://desk.example/admin/queues${path}`, init);

const postJson = (path: string, fields: object, headers: Record<string, string> = origin) =>
  at(path, {
    method: 'POST',
    body: JSON.stringify(fields),
    headers: { 'Content-Type': 'application/json', ...headers },
  });

const signIn = (email: string, headers?: Record<string, string>, fields: object = {}) =>
  postJson('/sign-in', { email, password, ...fields }, headers);

/** The response can neither be framed nor scripted by other sites, nor be cached. */
function expectSecurityHeaders({ headers }: Response) {
  expect(headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'");
  expect(headers.get('Cache-Control')).toBe('no-store');
  expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
}

const cookieOf = async ({ email }: TestUser) => sessionOf(await signIn(email));

/** The cookie of a successful sign-in. */
function sessionOf({ status, headers }: Response): string {
  expect(status).toBe(204);
  const cookie = headers.get('Set-Cookie') ?? '';
  for (const word of ['__Secure-operator=', 'HttpOnly', 'Secure', 'SameSite=Strict']) {
    expect(cookie).toContain(word);
  }
  expect(cookie).toContain('Path=/admin/queues');
  return cookie.split(';')[0] as string;
}

test('dashboard: requests without a session redirect to the sign-in form', async () => {
  const page = await at('');
  expect([page.status, page.headers.get('Location')]).toEqual([303, '/admin/queues/sign-in']);
  expect((await at('/static/js/main.js')).status).toBe(303);
  expect((await at('/api/queues')).status).toBe(401);
  const form = await at('/sign-in');
  expect(form.status).toBe(200);
  expect(form.headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'");
  const html = await form.text();
  expect(html).toContain('<title>Sign in to the queues · InsightDesk</title>');
  for (const part of ['<main>', 'name="code"', 'data-passkey-to=', 'rel="icon"']) {
    expect(html).toContain(part);
  }
});

test('dashboard: a user with a second factor signs in with its code', async () => {
  const { email, secret } = totpOwner;
  await expectError(await signIn(email), 401, 'TWO_FACTOR_REQUIRED');
  const wrong = await signIn(email, origin, { code: '000000' });
  await expectError(wrong, 401, 'TWO_FACTOR_INVALID');
  expect(wrong.headers.get('Set-Cookie')).toBeNull();
  const Cookie = sessionOf(await signIn(email, origin, { code: totpCode(secret, 1) }));
  expect((await at('/api/queues', { headers: { Cookie } })).status).toBe(200);
});

test('dashboard: a user with a passkey signs in without a password', async () => {
  const options: unknown = await post('/v1/auth/passkeys/sign-in/options', {});
  const challenge = options as PasskeyOptions;
  const body = { token: challenge.token, response: passkeyOwner.key.get(challenge.options) };
  const foreign = await postJson('/sign-in/passkey', body, { Origin: 'https://evil.example' });
  expect(foreign.status).toBe(403);
  const Cookie = sessionOf(await postJson('/sign-in/passkey', body));
  expect((await at('/api/queues', { headers: { Cookie } })).status).toBe(200);
  await expectError(await postJson('/sign-in/passkey', body), 401, 'PASSKEY_REFUSED');
});

test('dashboard: no passkeys while the feature is disabled', async () => {
  const routes = enabledRoutes(api.options.routes, { twoFactor: false, oauth: true });
  const { app, close } = createIntegrationApi(undefined, {
    routes,
    dashboard: api.options.dashboard,
  });
  const url = 'https://desk.example/admin/queues/sign-in';
  expect(await (await app.request(url)).text()).not.toContain('passkey');
  const posted = await app.request(`${url}/passkey`, { method: 'POST', headers: origin });
  expect(posted.status).toBe(401);
  await close();
});

test('dashboard: 403 without the second factor that the organization requires', async () => {
  const { database } = withoutDashboard.context;
  const { organizations } = await import('@insightdesk/shared/domain/tenancy/tenants');
  const tenantId = operator.organizationId;
  // Row-level security limits the update to this organization.
  const require = (requireTwoFactor: boolean) =>
    database.write({ tenantId }, (tx) => tx.update(organizations).set({ requireTwoFactor }));
  await require(true);
  try {
    const refused = await signIn(operator.email);
    await expectError(refused, 403, 'TWO_FACTOR_SETUP_REQUIRED');
    expect(refused.headers.get('Set-Cookie')).toBeNull();
  } finally {
    await require(false);
  }
});

test('dashboard: other users and wrong passwords get no cookie', async () => {
  for (const refused of [
    await signIn(otherOwner.email),
    await signIn(admin.email),
    await signIn(operator.email, origin, { password: 'another password' }),
    await signIn(operator.email, origin, {
      organizationId: otherOwner.organizationId,
      password: '',
    }),
  ]) {
    expect([401, 403]).toContain(refused.status);
    expect(refused.headers.get('Set-Cookie')).toBeNull();
  }
  for (const { token } of [otherOwner, admin]) {
    const headers = { Cookie: `__Secure-operator=${token}` };
    expect((await at('/api/queues', { headers })).status).toBe(401);
    expect((await at('', { headers })).status).toBe(303);
  }
  const bearer = { Authorization: `Bearer ${operator.token}` };
  expect((await at('/api/queues', { headers: bearer })).status).toBe(401);
});

test('dashboard: an operator sees every queue, on a page without external resources', async () => {
  const headers = { Cookie: await cookieOf(operator) };
  const page = await at('', { headers });
  expect(page.status).toBe(200);
  expectSecurityHeaders(page);
  const html = await page.text();
  expect(html).toContain('<base href="/admin/queues/"');
  expect(html).not.toContain('https://');
  const [, script = ''] = /src="(static\/js\/main[^"]+)"/.exec(html) ?? [];
  const asset = await at(`/${script}`, { headers });
  expect([asset.status, asset.headers.get('Content-Type')]).toEqual([
    200,
    expect.stringContaining('javascript'),
  ]);
  expectSecurityHeaders(asset);
  const api = await at('/api/queues', { headers });
  expectSecurityHeaders(api);
  const { queues } = (await api.json()) as { queues: { name: string }[] };
  const names = queues.map(({ name }) => name);
  expect(names).toContain('email-sending');
  expect(names).toContain('calendar-sync');
  expect(names).not.toContain('ai-processing');
});

test('dashboard: changes need the cookie and the same origin', async () => {
  const cookie = { Cookie: await cookieOf(operator) };
  const pause = (headers: Record<string, string>, what = 'pause') =>
    at(`/api/queues/calendar-sync/${what}`, { method: 'PUT', headers });
  expect((await pause(origin)).status).toBe(401);
  for (const foreign of [
    {},
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { ...origin, 'Sec-Fetch-Site': 'same-site' },
    { ...origin, 'Sec-Fetch-Site': 'cross-site' },
  ]) {
    const headers = { ...cookie, Host: 'desk.example', ...foreign };
    expect((await pause(headers)).status).toBe(403);
    expect((await signIn(operator.email, { Host: 'desk.example', ...foreign })).status).toBe(403);
  }
  const form = { Host: 'desk.example', Origin: 'null', 'Sec-Fetch-Site': 'same-origin' };
  expect((await signIn(operator.email, form)).status).toBe(204);
  const queue = api.container.jobs.queues.get('calendar-sync');
  expect(await queue.isPaused()).toBe(false);
  expect((await pause({ ...cookie, ...origin })).status).toBe(200);
  expect(await queue.isPaused()).toBe(true);
  expect((await pause({ ...cookie, ...origin }, 'resume')).status).toBe(200);
  expect(await queue.isPaused()).toBe(false);
});

test('dashboard: changes are recorded in the audit log first, reads are not', async () => {
  const cookie = { Cookie: await cookieOf(operator), ...origin, 'User-Agent': 'Browser/9' };
  const { organizationId: tenantId } = operator;
  const recorded = () =>
    api.context.database.read({ tenantId }, (tx) =>
      tx.execute<{ payload: unknown; origin: unknown }>(`select payload, origin from outbox
        where name = 'operator.acted' order by position desc`),
    );
  const before = (await recorded()).length;
  await at('/api/queues', { headers: cookie });
  await at('/api/queues/calendar-sync/no-such-job/retry/failed', {
    method: 'PUT',
    headers: cookie,
  });
  await at('/api/queues/calendar-sync/no-such-job/clean', { method: 'PUT', headers: cookie });
  const events = await recorded();
  expect(events).toHaveLength(before + 2);
  const { userId } = await withoutDashboard.context.security.tokens.verifyAccess(operator.token);
  for (const [event, what] of [
    [events[1], 'retry/failed'],
    [events[0], 'clean'],
  ] as const) {
    expect(event?.payload).toEqual({
      act: 'board PUT',
      target: `queues/calendar-sync/no-such-job/${what}`,
      by: null,
    });
    expect(event?.origin).toMatchObject({
      actor: { kind: 'user', userId },
      userAgent: 'Browser/9',
    });
  }
});

test('dashboard: sign-in has the body limit and rate limit of auth routes', async () => {
  const word = 'x'.repeat(20_000);
  expect((await signIn(operator.email, origin, { password: word })).status).toBe(413);
  const limited = createIntegrationApi(
    { windowMs: 60_000, maxRequests: 1_000 },
    { dashboard: api.options.dashboard },
  );
  const address = `2001:db8:${newId('usr')
    .slice(-4)
    .replace(/[^0-9a-f]/g, '0')}::1`;
  for (const path of ['/sign-in', '/sign-in/passkey']) {
    const response = await limited.app.request(
      `https://desk.example/admin/queues${path}`,
      { method: 'POST', headers: origin },
      { requestIP: () => ({ address }) },
    );
    expect(response.headers.get('RateLimit-Policy')).toContain('"auth";q=250;w=60');
  }
  await limited.close();
});

test('dashboard: sign-out ends the session, not only the cookie', async () => {
  const headers = { Cookie: await cookieOf(operator), ...origin };
  expect((await at('/sign-out', { headers })).status).toBe(200);
  expect((await at('/api/queues', { headers })).status).toBe(200);
  const out = await at('/sign-out', { method: 'POST', headers });
  expect(out.status).toBe(204);
  expect(out.headers.get('Set-Cookie')).toContain('Max-Age=0');
  expect((await at('/api/queues', { headers })).status).toBe(401);
});

test('dashboard: 404 when no operator organization is configured', async () => {
  for (const path of ['/admin/queues', '/admin/queues/sign-in', '/admin/queues/api/queues']) {
    expect((await withoutDashboard.app.request(`https://desk.example${path}`)).status).toBe(404);
  }
});
