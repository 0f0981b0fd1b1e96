import { expect } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import type { Context } from '@insightdesk/shared/context';
import { createSafeFetch } from '@insightdesk/shared/security';
import { createIntegrationApi, type IntegrationApi } from './integration-api.ts';
import { client, startOidcProvider } from './oidc-provider.ts';
import { createTestUsers, type SignedIn } from './test-users.ts';

const cookieOf = (response: Response) => response.headers.getSetCookie()[0]?.split(';')[0] ?? '';

/** The account at the provider of a person with this address. */
export const accountOf = (email: string, more: object = {}) => ({
  sub: `subject of ${email}`,
  email,
  email_verified: true,
  ...more,
});
type Account = ReturnType<typeof accountOf>;

export const newVerifier = () => randomBytes(32).toString('base64url');

type Oidc = Awaited<ReturnType<typeof startOidcProvider>>;

/** An organization with an identity provider. */
interface Organization {
  organization: { id: string };
  providerId: string;
}

/** The steps of a sign-in at the provider, which ends at `redirectTo`. */
function createSignInSteps({ request }: IntegrationApi, oidc: Oidc, redirectTo: string) {
  function requestStart(organizationId: string, providerId: string, more: object = {}) {
    const query = { organizationId, redirectTo, challenge: 'x'.repeat(43), ...more };
    return request('GET', `/v1/auth/oauth/${providerId}/start?${new URLSearchParams(query)}`);
  }

  async function start({ organization, providerId }: Organization, verifier = newVerifier()) {
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const started = await requestStart(organization.id, providerId, { challenge });
    expect(started.status).toBe(302);
    return { verifier, cookie: cookieOf(started), url: started.headers.get('Location') ?? '' };
  }

  const requestCallback = ({ pathname, search }: URL, Cookie: string) =>
    request('GET', `${pathname}${search}`, { headers: { Cookie } });

  /** Signs in at the provider; returns a function that completes the callback. */
  async function prepareCallback(organization: Organization, account: Account) {
    const { verifier, cookie, url } = await start(organization);
    const back = await oidc.signIn(url, account);
    return async () => {
      const response = await requestCallback(back, cookie);
      const location = new URL(response.headers.get('Location') ?? '');
      expect(`${location.origin}${location.pathname}${location.search}`).toBe(redirectTo);
      const fragment = new URLSearchParams(location.hash.slice(1));
      return { verifier, token: fragment.get('token') ?? '', error: fragment.get('error') };
    };
  }

  const signInAtProvider = async (organization: Organization, account: Account) =>
    (await prepareCallback(organization, account))();

  const exchange = (body: object, headers: Record<string, string> = {}) =>
    request('POST', '/v1/auth/oauth/exchange', { body, headers });

  async function signIn(organization: Organization, account: Account, more: object = {}) {
    const { token, verifier, error } = await signInAtProvider(organization, account);
    expect(error).toBeNull();
    const response = await exchange({ token, verifier, ...more });
    expect(response.status).toBe(200);
    return (await response.json()) as SignedIn;
  }

  return {
    requestStart,
    start,
    requestCallback,
    prepareCallback,
    signInAtProvider,
    exchange,
    signIn,
    cookieOf,
  };
}

/** An API beside a real OpenID provider, and the steps of a sign-in there. */
export async function createOidcApi(security: Partial<Context['security']> = {}) {
  const safeFetch = createSafeFetch({ allowPrivate: true });
  const api: IntegrationApi = createIntegrationApi(undefined, {
    context: (call) => ({
      ...api.context,
      ...call,
      security: { ...api.context.security, safeFetch, ...security },
    }),
  });
  const users = createTestUsers(api);
  const { publicUrl } = api.options.config.http;
  const redirectTo = `${publicUrl}/signed-in`;
  const oidc = await startOidcProvider(`${publicUrl}/v1/auth/oauth/callback`);

  /** An organization with the identity provider; `more` are other fields of it. */
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
    const created = await api.request('POST', '/v1/identity-providers', { as, body });
    expect(created.status).toBe(201);
    return { ...owner, as, providerId: ((await created.json()) as { id: string }).id };
  }

  async function close() {
    oidc.close();
    await api.close();
  }
  const steps = createSignInSteps(api, oidc, redirectTo);
  return { api, users, oidc, redirectTo, createOrganization, ...steps, close };
}
