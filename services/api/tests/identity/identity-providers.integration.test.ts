import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import { inheritAmr } from '@insightdesk/shared/domain/identity/users';
import { createSafeFetch } from '@insightdesk/shared/security';
import { authenticatedContext } from '@insightdesk/shared/testing';
import { enabledRoutes } from '../../route.ts';
import { routes } from '../../routes.ts';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';
import { client, startOidcProvider } from '../../testing/oidc-provider.ts';
import { createTestUsers, password, type SignedIn, totpCode } from '../../testing/test-users.ts';

type WholeApi = ReturnType<typeof createIntegrationApi>;
const safeFetch = createSafeFetch({ allowPrivate: true });
const api: WholeApi = createIntegrationApi(undefined, {
  context: (call) => ({
    ...api.context,
    security: { ...api.context.security, safeFetch },
    ...call,
  }),
});
const users = createTestUsers(api);
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

/** An organization with an identity provider. */
async function createOrganization(more: object = {}) {
  const owner = await users.register();
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
type Organization = Awaited<ReturnType<typeof createOrganization>>;

const cookieOf = (response: Response) => response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
const newVerifier = () => randomBytes(32).toString('base64url');

async function start({ organization, providerId }: Organization, verifier = newVerifier()) {
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const query = new URLSearchParams({ organizationId: organization.id, redirectTo, challenge });
  const started = await api.request('GET', `/v1/auth/oauth/${providerId}/start?${query}`);
  expect(started.status).toBe(302);
  return { verifier, cookie: cookieOf(started), url: started.headers.get('Location') ?? '' };
}

async function completeCallback(back: URL, cookie: string) {
  const headers = { Cookie: cookie };
  return api.request('GET', `${back.pathname}${back.search}`, { headers });
}

/** Signs in at the provider; returns the token or error of the final redirect. */
async function signInAtProvider(
  organization: Organization,
  account: Parameters<typeof oidc.signIn>[1],
) {
  const { verifier, cookie, url } = await start(organization);
  const response = await completeCallback(await oidc.signIn(url, account), cookie);
  expect(response.status).toBe(302);
  const location = new URL(response.headers.get('Location') ?? '');
  expect(`${location.origin}${location.pathname}${location.search}`).toBe(redirectTo);
  const fragment = new URLSearchParams(location.hash.slice(1));
  return { verifier, token: fragment.get('token') ?? '', error: fragment.get('error') };
}

const exchange = (body: object, headers: Record<string, string> = {}) =>
  api.request('POST', '/v1/auth/oauth/exchange', { body, headers });

describe('signing in', () => {
  test('OIDC sign-in: by a verified address of an allowed domain, then by the link', async () => {
    const organization = await createOrganization();
    const account = accountOf(organization.email);
    for (const one of [account, { ...account, email: 'another@elsewhere.example' }]) {
      const { token, verifier } = await signInAtProvider(organization, one);
      const response = await exchange({ token, verifier });
      expect(response.status).toBe(200);
      const body = (await response.json()) as SignedIn;
      expect(body.organization.id).toBe(organization.organization.id);
      expect(body.user.id).toBe(organization.user.id);
    }
  });

  test('OIDC exchange: 204 with cookies for X-Session-Mode cookie', async () => {
    const organization = await createOrganization();
    const { token, verifier } = await signInAtProvider(organization, accountOf(organization.email));
    const headers = { Origin: publicUrl, 'X-Session-Mode': 'cookie' };
    const response = await exchange({ token, verifier }, headers);
    expect([response.status, response.headers.getSetCookie().length]).toEqual([204, 2]);
  });

  test.each([
    ['an address that is not verified', { email_verified: false }, {}],
    ['a domain that is not allowed', {}, { allowedDomains: ['example.org'] }],
    ['no domain at all', {}, { allowedDomains: [] }],
    ['an unknown address', { email: 'unknown@example.com' }, {}],
  ])('OIDC sign-in: rejected for %s', async (_, about, provider) => {
    const organization = await createOrganization(provider);
    const { error, token } = await signInAtProvider(
      organization,
      accountOf(organization.email, about),
    );
    expect({ error, token }).toEqual({ error: 'OAUTH_UNKNOWN_PERSON', token: '' });
  });

  test('OIDC sign-in: a provider cannot sign in members of another organization', async () => {
    const user = await users.register();
    const attacker = await createOrganization();
    const { error } = await signInAtProvider(attacker, accountOf(user.email));
    expect(error).toBe('OAUTH_UNKNOWN_PERSON');
  });

  test('OIDC exchange: requires the second factor; the token survives a missing code', async () => {
    const organization = await createOrganization();
    const { secret } = await users.enableTwoFactor(organization.as);
    const { token, verifier } = await signInAtProvider(organization, accountOf(organization.email));
    await expectError(await exchange({ token, verifier }), 401, 'TWO_FACTOR_REQUIRED');
    const code = totpCode(secret, 1);
    expect((await exchange({ token, verifier, code })).status).toBe(200);
  });

  test('OIDC sign-in: assuresTwoFactor satisfies an organization that requires two factors', async () => {
    for (const assuresTwoFactor of [true, false]) {
      const organization = await createOrganization({ assuresTwoFactor });
      await users.setTwoFactorRequired(organization.as);
      const { token, verifier } = await signInAtProvider(
        organization,
        accountOf(organization.email),
      );
      const { accessToken: as } = (await (await exchange({ token, verifier })).json()) as SignedIn;
      const me = await api.request('GET', '/v1/me', { as });
      expect(me.status).toBe(assuresTwoFactor ? 200 : 403);
    }
  });
});

describe('authorization flow', () => {
  test('OIDC exchange: a token works once, with the verifier of its page', async () => {
    const organization = await createOrganization();
    const { token, verifier } = await signInAtProvider(organization, accountOf(organization.email));
    await expectError(await exchange({ token, verifier: newVerifier() }), 401, 'OAUTH_STALE');
    const all = await Promise.all([1, 2, 3].map(() => exchange({ token, verifier })));
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
    await expectError(await exchange({ token: 'forged', verifier }), 401, 'OAUTH_STALE');
  });

  test('OIDC callback: works once, in the browser that started', async () => {
    const organization = await createOrganization();
    const [own, other] = [await start(organization), await start(organization)];
    const back = await oidc.signIn(own.url, accountOf(organization.email));
    for (const cookie of ['', '__Host-desk-oauth=forged']) {
      await expectError(await completeCallback(back, cookie), 401, 'OAUTH_STALE');
    }
    const refusal = await completeCallback(back, other.cookie);
    expect(refusal.headers.get('Location')).toEndWith('#error=OAUTH_REFUSED');
    const first = await completeCallback(back, own.cookie);
    expect(first.headers.get('Location')).toContain('#token=');
    const again = await completeCallback(back, own.cookie);
    expect(again.headers.get('Location')).toEndWith('#error=OAUTH_REFUSED');
  });

  test('OIDC start: sends PKCE, state and nonce, new for each request', async () => {
    const organization = await createOrganization();
    const starts = await Promise.all([start(organization), start(organization)]);
    const [one, two] = starts.map(({ url }) => new URL(url).searchParams);
    expect(one?.get('code_challenge_method')).toBe('S256');
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(one?.get(name)).toMatch(/^[\w-]{43}$/);
      expect(one?.get(name)).not.toBe(two?.get(name) ?? null);
    }
  });

  test('OIDC start: 422 for redirects to other origins', async () => {
    const { organization, providerId } = await createOrganization();
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
  test('link: requires the password; unlinking ends the sessions of the provider', async () => {
    const organization = await createOrganization({ allowedDomains: [] });
    const path = `/v1/auth/oauth/${organization.providerId}/link` as const;
    const link = (word: string) =>
      api.request('POST', path, { as: organization.as, body: { password: word, redirectTo } });
    await expectError(await link('another password'), 403, 'WRONG_PASSWORD');
    const started = await link(password);
    const { url } = (await started.json()) as { url: string };
    const account = accountOf('me@elsewhere.example');
    const back = await completeCallback(await oidc.signIn(url, account), cookieOf(started));
    expect(back.headers.get('Location')).toContain('#linked=');
    const { token, verifier } = await signInAtProvider(organization, account);
    const { accessToken: as } = (await (await exchange({ token, verifier })).json()) as SignedIn;
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(200);
    expect((await api.request('DELETE', path, { as: organization.as })).status).toBe(204);
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(401);
    expect((await api.request('DELETE', path, { as: organization.as })).status).toBe(404);
    expect((await signInAtProvider(organization, account)).error).toBe('OAUTH_UNKNOWN_PERSON');
  });

  test('a session of an identity provider cannot switch organizations', async () => {
    const organization = await createOrganization();
    const { token, verifier } = await signInAtProvider(organization, accountOf(organization.email));
    const { accessToken } = (await (await exchange({ token, verifier })).json()) as SignedIn;
    const member = (await authenticatedContext(api.context, accessToken)) as Parameters<
      typeof inheritAmr
    >[0];
    await expect(inheritAmr(member)).rejects.toMatchObject({ code: 'PROVIDER_SESSION' });
  });
});

describe('identity providers', () => {
  test('identity providers: the secret is never returned; disabling or deleting one ends its sessions', async () => {
    const organization = await createOrganization();
    const list = await (
      await api.request('GET', '/v1/identity-providers', { as: organization.as })
    ).text();
    expect(list).toContain(organization.providerId);
    expect(list).not.toContain('ecret');
    const path = `/v1/identity-providers/${organization.providerId}` as const;
    const signIn = async () => {
      const { token, verifier } = await signInAtProvider(
        organization,
        accountOf(organization.email),
      );
      return (await (await exchange({ token, verifier })).json()) as SignedIn;
    };
    const first = await signIn();
    const off = await api.request('PATCH', path, { as: organization.as, body: { enabled: false } });
    expect(off.status).toBe(200);
    expect((await api.request('GET', '/v1/me', { as: first.accessToken })).status).toBe(401);
    const { refreshToken } = first;
    const refreshed = await api.request('POST', '/v1/auth/refresh', { body: { refreshToken } });
    expect(refreshed.status).toBe(401);
    await api.request('PATCH', path, { as: organization.as, body: { enabled: true } });
    const second = await signIn();
    expect((await api.request('DELETE', path, { as: organization.as })).status).toBe(204);
    expect((await api.request('GET', '/v1/me', { as: second.accessToken })).status).toBe(401);
  });

  test('identity providers: 403 for admins, 404 for other organizations', async () => {
    const { admin } = await api.createTenant();
    const mine = await createOrganization();
    const other = await createOrganization();
    const listed = await api.request('GET', '/v1/identity-providers', { as: admin });
    expect(listed.status).toBe(403);
    const path = `/v1/identity-providers/${mine.providerId}` as const;
    const body = { enabled: false };
    expect((await api.request('PATCH', path, { as: other.as, body })).status).toBe(404);
    const mixed = { ...mine, organization: other.organization };
    const query = new URLSearchParams({
      organizationId: mixed.organization.id,
      redirectTo,
      challenge: 'x'.repeat(43),
    });
    const start = await api.request('GET', `/v1/auth/oauth/${mine.providerId}/start?${query}`);
    expect(start.status).toBe(404);
  });

  test('identity providers: 422 for private addresses unless allowed by configuration', async () => {
    const strict = createIntegrationApi();
    const { owner: as } = await strict.createTenant();
    for (const issuer of [oidc.issuer, 'https://169.254.169.254/', 'https://localhost/']) {
      const body = { name: 'x', issuer, clientId: 'x', clientSecret: 'x' };
      const response = await strict.request('POST', '/v1/identity-providers', { as, body });
      await expectError(response, 422, 'UNSAFE_URL');
    }
    await strict.close();
  });
});

test('OIDC routes: 404 while the feature is disabled', async () => {
  const off = createIntegrationApi(undefined, {
    routes: enabledRoutes(routes, { twoFactor: true, oauth: false }),
  });
  for (const path of ['/v1/auth/oauth/callback', '/v1/identity-providers']) {
    expect((await off.app.request(path)).status).toBe(404);
  }
  await off.close();
});

testDocumentedResponses(api, 'identity-providers');
