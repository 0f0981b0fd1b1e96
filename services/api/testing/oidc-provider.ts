import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JWK, Provider } from 'oidc-provider';

interface Account {
  sub: string;
  email: string;
  email_verified: boolean;
}

export const client = { id: 'desk', secret: 'client-secret-for-tests' };

/** A real OpenID provider that signs in the given account without a login page. */
export async function startOidcProvider(redirectUri: string) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ format: 'jwk' }) as JWK;
  const state = { account: { sub: 'none', email: '', email_verified: false } as Account };
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...key, alg: 'RS256', use: 'sig', kid: 'k' }] },
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['cookie-key-for-tests'] },
    ttl: {
      AccessToken: 60,
      AuthorizationCode: 60,
      IdToken: 60,
      Interaction: 60,
      Session: 60,
      Grant: 60,
    },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ ...state.account }) }),
    async loadExistingGrant({ oidc }) {
      const accountId = oidc.session?.accountId;
      const grant = new oidc.provider.Grant({
        clientId: oidc.client?.clientId as string,
        ...(accountId && { accountId }),
      });
      grant.addOIDCScope('openid email');
      await grant.save();
      return grant;
    },
  });
  const handle = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void handle(request, response);
    const login = { accountId: state.account.sub };
    provider.interactionFinished(request, response, { login }).catch(() => response.destroy());
  });

  /** Follows redirects as a browser, from the provider's authorization URL to the callback URL. */
  async function signIn(url: string, account: Account): Promise<URL> {
    state.account = account;
    const cookies = new Map<string, string>();
    for (let next = url, hops = 0; hops < 10; hops++) {
      const Cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(next, { redirect: 'manual', headers: { Cookie } });
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        cookies.set(name, value);
      }
      const location = response.headers.get('Location');
      if (!location) throw new Error(`${response.status} ${await response.text()}`);
      const target = new URL(location, next);
      if (target.origin !== issuer) return target;
      next = target.href;
    }
    throw new Error('Too many redirects by the provider');
  }

  return { issuer, signIn, close: () => server.close() };
}
