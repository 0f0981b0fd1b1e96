import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import { carryProof } from '@insightdesk/shared/domain/identity/users';
import { createSafeFetch } from '@insightdesk/shared/security';
import { signedIn } from '@insightdesk/shared/testing';
import { enabledRoutes } from '../../route.ts';
import { routes } from '../../routes.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';
import { client, startOidcProvider } from '../../testing/oidc-provider.ts';
import {
  createTestUsers,
  errorOf,
  password,
  type SignedIn,
  totpCode,
} from '../../testing/test-users.ts';

type WholeApi = ReturnType<typeof createIntegrationApi>;
const outbound = createSafeFetch({ allowPrivate: true });
const api: WholeApi = createIntegrationApi(undefined, {
  context: (call) => ({ ...api.context, security: { ...api.context.security, outbound }, ...call }),
});
const people = createTestUsers(api);
const { publicUrl } = api.options.config.http;
const redirectTo = `${publicUrl}/signed-in`;
let oidc: Awaited<ReturnType<typeof startOidcProvider>>;
beforeAll(async () => {
  oidc = await startOidcProvider(`${publicUrl}/v1/auth/oauth/callback`);
});
afterAll(async () => {
  oidc.close();
  await api.close();
});

const accountOf = (email: string, more: object = {}) => ({
  sub: `subject of ${email}`,
  email,
  email_verified: true,
  ...more,
});

/** An organisation whose owner may come in by a provider. */
async function opened(more: object = {}) {
  const owner = await people.register();
  const as = owner.accessToken;
  const body = {
    name: 'Company login',
    issuer: oidc.issuer,
    clientId: client.id,
    clientSecret: client.secret,
    allowedDomains: ['example.com'],
    ...more,
  };
  const added = await api.request('POST', '/v1/identity-providers', { as, body });
  expect(added.status).toBe(201);
  const provider = (await added.json()) as { id: string };
  return { ...owner, as, providerId: provider.id };
}
type Opened = Awaited<ReturnType<typeof opened>>;

const cookieOf = (response: Response) => response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
const newVerifier = () => randomBytes(32).toString('base64url');

async function start({ organization, providerId }: Opened, verifier = newVerifier()) {
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const query = new URLSearchParams({ organizationId: organization.id, redirectTo, challenge });
  const begun = await api.request('GET', `/v1/auth/oauth/${providerId}/start?${query}`);
  expect(begun.status).toBe(302);
  return { verifier, cookie: cookieOf(begun), url: begun.headers.get('Location') ?? '' };
}

async function comeBack(back: URL, cookie: string) {
  const headers = { Cookie: cookie };
  return api.request('GET', `${back.pathname}${back.search}`, { headers });
}

/** What the page that began finds in its address. */
async function wayThrough(where: Opened, account: Parameters<typeof oidc.visit>[1]) {
  const { verifier, cookie, url } = await start(where);
  const response = await comeBack(await oidc.visit(url, account), cookie);
  expect(response.status).toBe(302);
  const at = new URL(response.headers.get('Location') ?? '');
  expect(`${at.origin}${at.pathname}${at.search}`).toBe(redirectTo);
  const told = new URLSearchParams(at.hash.slice(1));
  return { verifier, token: told.get('token') ?? '', error: told.get('error') };
}

const exchange = (body: object, headers: Record<string, string> = {}) =>
  api.request('POST', '/v1/auth/oauth/exchange', { body, headers });

describe('signing in', () => {
  test('by a verified address of an allowed domain, then by the link', async () => {
    const where = await opened();
    const account = accountOf(where.email);
    for (const one of [account, { ...account, email: 'another@elsewhere.example' }]) {
      const { token, verifier } = await wayThrough(where, one);
      const response = await exchange({ token, verifier });
      expect(response.status).toBe(200);
      const body = (await response.json()) as SignedIn;
      expect(body.organization.id).toBe(where.organization.id);
      expect(body.user.id).toBe(where.user.id);
    }
  });

  test('into cookies, for a browser that asks for them', async () => {
    const where = await opened();
    const { token, verifier } = await wayThrough(where, accountOf(where.email));
    const headers = { Origin: publicUrl, 'X-Session-Mode': 'cookie' };
    const response = await exchange({ token, verifier }, headers);
    expect([response.status, response.headers.getSetCookie().length]).toEqual([204, 2]);
  });

  test.each([
    ['an address that is not verified', { email_verified: false }, {}],
    ['a domain that is not allowed', {}, { allowedDomains: ['example.org'] }],
    ['no domain at all', {}, { allowedDomains: [] }],
    ['an address of nobody here', { email: 'stranger@example.com' }, {}],
  ])('not by %s', async (_, about, provider) => {
    const where = await opened(provider);
    const { error, token } = await wayThrough(where, accountOf(where.email, about));
    expect({ error, token }).toEqual({ error: 'OAUTH_UNKNOWN_PERSON', token: '' });
  });

  test('not as a member of another organisation, whose provider says the same', async () => {
    const victim = await people.register();
    const evil = await opened();
    const { error } = await wayThrough(evil, accountOf(victim.email));
    expect(error).toBe('OAUTH_UNKNOWN_PERSON');
  });

  test('the second factor guards this door too, and a missing code costs nothing', async () => {
    const where = await opened();
    const { secret } = await people.setUp(where.as);
    const { token, verifier } = await wayThrough(where, accountOf(where.email));
    expect(await errorOf(await exchange({ token, verifier }))).toEqual([
      401,
      'TWO_FACTOR_REQUIRED',
    ]);
    const code = totpCode(secret, 1);
    expect((await exchange({ token, verifier, code })).status).toBe(200);
  });

  test('a provider that asks for it itself satisfies the organisation, another does not', async () => {
    for (const assuresTwoFactor of [true, false]) {
      const where = await opened({ assuresTwoFactor });
      await people.require(where.as);
      const { token, verifier } = await wayThrough(where, accountOf(where.email));
      const { accessToken: as } = (await (await exchange({ token, verifier })).json()) as SignedIn;
      const me = await api.request('GET', '/v1/me', { as });
      expect(me.status).toBe(assuresTwoFactor ? 200 : 403);
    }
  });
});

describe('on the way', () => {
  test('a token is good once, for the page that began, and nothing else is one', async () => {
    const where = await opened();
    const { token, verifier } = await wayThrough(where, accountOf(where.email));
    const stale = [401, 'OAUTH_STALE'] as [number, string];
    expect(await errorOf(await exchange({ token, verifier: newVerifier() }))).toEqual(stale);
    const all = await Promise.all([1, 2, 3].map(() => exchange({ token, verifier })));
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
    expect(await errorOf(await exchange({ token: 'forged', verifier }))).toEqual(stale);
  });

  test('only the browser that began comes back, once', async () => {
    const where = await opened();
    const [own, other] = [await start(where), await start(where)];
    const back = await oidc.visit(own.url, accountOf(where.email));
    for (const cookie of ['', '__Host-desk-oauth=forged']) {
      expect(await errorOf(await comeBack(back, cookie))).toEqual([401, 'OAUTH_STALE']);
    }
    const refusal = await comeBack(back, other.cookie);
    expect(refusal.headers.get('Location')).toEndWith('#error=OAUTH_REFUSED');
    const first = await comeBack(back, own.cookie);
    expect(first.headers.get('Location')).toContain('#token=');
    const again = await comeBack(back, own.cookie);
    expect(again.headers.get('Location')).toEndWith('#error=OAUTH_REFUSED');
  });

  test('the provider is asked with PKCE, state and nonce, which are new each time', async () => {
    const where = await opened();
    const seen = await Promise.all([start(where), start(where)]);
    const [one, two] = seen.map(({ url }) => new URL(url).searchParams);
    expect(one?.get('code_challenge_method')).toBe('S256');
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(one?.get(name)).toMatch(/^[\w-]{43}$/);
      expect(one?.get(name)).not.toBe(two?.get(name) ?? null);
    }
  });

  test('nobody is sent to a page that is not ours', async () => {
    const { organization, providerId } = await opened();
    for (const page of [
      'https://evil.example/',
      `${publicUrl}.evil.example/`,
      'javascript:alert(1)',
    ]) {
      const query = new URLSearchParams({
        organizationId: organization.id,
        redirectTo: page,
        challenge: 'x'.repeat(43),
      });
      const response = await api.request('GET', `/v1/auth/oauth/${providerId}/start?${query}`);
      expect(response.status).toBe(422);
    }
  });
});

describe('linking', () => {
  test('takes the password; parting ends the sessions that came by it', async () => {
    const where = await opened({ allowedDomains: [] });
    const path = `/v1/auth/oauth/${where.providerId}/link` as const;
    const link = (word: string) =>
      api.request('POST', path, { as: where.as, body: { password: word, redirectTo } });
    expect(await errorOf(await link('another password'))).toEqual([403, 'WRONG_PASSWORD']);
    const begun = await link(password);
    const { url } = (await begun.json()) as { url: string };
    const account = accountOf('me@elsewhere.example');
    const back = await comeBack(await oidc.visit(url, account), cookieOf(begun));
    expect(back.headers.get('Location')).toContain('#linked=');
    const { token, verifier } = await wayThrough(where, account);
    const { accessToken: as } = (await (await exchange({ token, verifier })).json()) as SignedIn;
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(200);
    expect((await api.request('DELETE', path, { as: where.as })).status).toBe(204);
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(401);
    expect((await api.request('DELETE', path, { as: where.as })).status).toBe(404);
    expect((await wayThrough(where, account)).error).toBe('OAUTH_UNKNOWN_PERSON');
  });

  test('a session that a provider vouched for goes nowhere else', async () => {
    const where = await opened();
    const { token, verifier } = await wayThrough(where, accountOf(where.email));
    const { accessToken } = (await (await exchange({ token, verifier })).json()) as SignedIn;
    const member = (await signedIn(api.context, accessToken)) as Parameters<typeof carryProof>[0];
    await expect(carryProof(member)).rejects.toMatchObject({ code: 'PROVIDER_SESSION' });
  });
});

describe('providers', () => {
  test('their secret is shown to nobody, and a change or the end of one ends its sessions', async () => {
    const where = await opened();
    const list = await (await api.request('GET', '/v1/identity-providers', { as: where.as })).text();
    expect(list).toContain(where.providerId);
    expect(list).not.toContain('ecret');
    const path = `/v1/identity-providers/${where.providerId}` as const;
    const come = async () => {
      const { token, verifier } = await wayThrough(where, accountOf(where.email));
      return (await (await exchange({ token, verifier })).json()) as SignedIn;
    };
    const first = await come();
    const off = await api.request('PATCH', path, { as: where.as, body: { enabled: false } });
    expect(off.status).toBe(200);
    expect((await api.request('GET', '/v1/me', { as: first.accessToken })).status).toBe(401);
    const { refreshToken } = first;
    const refreshed = await api.request('POST', '/v1/auth/refresh', { body: { refreshToken } });
    expect(refreshed.status).toBe(401);
    await api.request('PATCH', path, { as: where.as, body: { enabled: true } });
    const second = await come();
    expect((await api.request('DELETE', path, { as: where.as })).status).toBe(204);
    expect((await api.request('GET', '/v1/me', { as: second.accessToken })).status).toBe(401);
  });

  test('are the owners’ own', async () => {
    const { admin } = await api.openTenant();
    const mine = await opened();
    const other = await opened();
    const asked = await api.request('GET', '/v1/identity-providers', { as: admin });
    expect(asked.status).toBe(403);
    const path = `/v1/identity-providers/${mine.providerId}` as const;
    const body = { enabled: false };
    expect((await api.request('PATCH', path, { as: other.as, body })).status).toBe(404);
    const stray = { ...mine, organization: other.organization };
    const query = new URLSearchParams({
      organizationId: stray.organization.id,
      redirectTo,
      challenge: 'x'.repeat(43),
    });
    const start = await api.request('GET', `/v1/auth/oauth/${mine.providerId}/start?${query}`);
    expect(start.status).toBe(404);
  });

  test('lie out on the Internet, unless the configuration lets private addresses through', async () => {
    const strict = createIntegrationApi();
    const { owner: as } = await strict.openTenant();
    for (const issuer of [oidc.issuer, 'https://169.254.169.254/', 'https://localhost/']) {
      const body = { name: 'x', issuer, clientId: 'x', clientSecret: 'x' };
      const response = await strict.request('POST', '/v1/identity-providers', { as, body });
      expect(await errorOf(response)).toEqual([422, 'UNSAFE_URL']);
    }
    await strict.close();
  });
});

test('404 while the feature is off', async () => {
  const off = createIntegrationApi(undefined, {
    routes: enabledRoutes(routes, { twoFactor: true, oauth: false }),
  });
  for (const path of ['/v1/auth/oauth/callback', '/v1/identity-providers']) {
    expect((await off.app.request(path)).status).toBe(404);
  }
  await off.close();
});

testDocumentedResponses(api, '/v1/auth/oauth', '/v1/identity-providers');
