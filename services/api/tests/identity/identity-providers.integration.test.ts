import { afterAll, describe, expect, test } from 'bun:test';
import { createOrganization as createOrganizationAs } from '@insightdesk/shared/domain/identity/users';
import { authenticatedContext, totpCode } from '@insightdesk/shared/testing';
import { routes } from '../../routes.ts';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';
import { accountOf, createOidcApi, newVerifier } from '../../testing/oidc-api.ts';
import { routeName, validRequest } from '../../testing/requests.ts';
import { password } from '../../testing/test-users.ts';

const { api, users, oidc, redirectTo, createOrganization, ...provider } = await createOidcApi();
const { requestStart, start, requestCallback, signInAtProvider, exchange, signIn } = provider;
const { publicUrl } = api.options.config.http;
afterAll(() => provider.close());

describe('signing in', () => {
  test('OIDC sign-in: by a verified address of an allowed domain, then by the link', async () => {
    const organization = await createOrganization();
    const account = accountOf(organization.email);
    for (const one of [account, { ...account, email: 'another@elsewhere.example' }]) {
      const signedIn = await signIn(organization, one);
      expect(signedIn.organization.id).toBe(organization.organization.id);
      expect(signedIn.user.id).toBe(organization.user.id);
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
      const { accessToken: as } = await signIn(organization, accountOf(organization.email));
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
      await expectError(await requestCallback(back, cookie), 401, 'OAUTH_STALE');
    }
    const refusal = await requestCallback(back, other.cookie);
    expect(refusal.headers.get('Location')).toEndWith('#error=OAUTH_REFUSED');
    const first = await requestCallback(back, own.cookie);
    expect(first.headers.get('Location')).toContain('#token=');
    const again = await requestCallback(back, own.cookie);
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
      const started = await requestStart(organization.id, providerId, { redirectTo: page });
      expect(started.status).toBe(422);
    }
  });
});

describe('linking', () => {
  test('link: unlinking ends the sessions of the provider', async () => {
    const organization = await createOrganization({ allowedDomains: [] });
    const path = `/v1/auth/oauth/${organization.providerId}/link` as const;
    const body = { password, redirectTo };
    const started = await api.request('POST', path, { as: organization.as, body });
    const { url } = (await started.json()) as { url: string };
    const account = accountOf('me@elsewhere.example');
    const back = await requestCallback(await oidc.signIn(url, account), provider.cookieOf(started));
    expect(back.headers.get('Location')).toContain('#linked=');
    const { accessToken: as } = await signIn(organization, account);
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(200);
    expect((await api.request('DELETE', path, { as: organization.as })).status).toBe(204);
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(401);
    expect((await api.request('DELETE', path, { as: organization.as })).status).toBe(404);
    expect((await signInAtProvider(organization, account)).error).toBe('OAUTH_UNKNOWN_PERSON');
  });
});

/** Account routes that concern the caller's organization only. */
const allowedRoutes = [
  'POST /v1/auth/logout',
  'GET /v1/me',
  'GET /v1/me/preferences',
  'PATCH /v1/me/preferences',
  'GET /v1/organization',
  'GET /v1/permissions',
  'GET /v1/permissions/explain',
];

describe('sessions of a provider', () => {
  test('a session of an identity provider is limited to its organization: 403 for every other account route', async () => {
    const organization = await createOrganization();
    const signedIn = await signIn(organization, accountOf(organization.email));
    const accountRoutes = routes.filter(({ allow }) => allow.startsWith('account:'));
    const served: string[] = [];
    for (const route of accountRoutes) {
      const { path, ...options } = validRequest(route);
      const response = await api.request(route.method, path, {
        ...options,
        as: signedIn.accessToken,
      });
      const body = await response.text();
      if (response.status !== 403) served.push(routeName(route));
      else expect(body).toContain('"PROVIDER_SESSION"');
    }
    expect(served.toSorted()).toEqual(allowedRoutes.toSorted());
  });

  test('a session of an identity provider stays limited after a refresh, on sockets too', async () => {
    const organization = await createOrganization();
    const { refreshToken } = await signIn(organization, accountOf(organization.email));
    const refreshed = await api.request('POST', '/v1/auth/refresh', { body: { refreshToken } });
    const { accessToken: as } = (await refreshed.json()) as { accessToken: string };
    const listed = await api.request('GET', '/v1/auth/organizations', { as });
    await expectError(listed, 403, 'PROVIDER_SESSION');
    // Sockets derive their actor from the same token.
    const member = await authenticatedContext(api.context, as);
    await expect(createOrganizationAs(member, { name: 'Another' })).rejects.toMatchObject({
      code: 'PROVIDER_SESSION',
    });
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
    const account = accountOf(organization.email);
    const first = await signIn(organization, account);
    const off = await api.request('PATCH', path, { as: organization.as, body: { enabled: false } });
    expect(off.status).toBe(200);
    expect((await api.request('GET', '/v1/me', { as: first.accessToken })).status).toBe(401);
    const { refreshToken } = first;
    const refreshed = await api.request('POST', '/v1/auth/refresh', { body: { refreshToken } });
    expect(refreshed.status).toBe(401);
    await api.request('PATCH', path, { as: organization.as, body: { enabled: true } });
    const second = await signIn(organization, account);
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
    const mixed = await requestStart(other.organization.id, mine.providerId);
    expect(mixed.status).toBe(404);
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

testDocumentedResponses(api, 'identity-providers');
