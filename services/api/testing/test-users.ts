import type { Id } from '@insightdesk/shared/contract';
import { totpCode, verifyEmail } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import type { createIntegrationApi } from './integration-api.ts';

type WholeApi = ReturnType<typeof createIntegrationApi>;

export interface SignedIn {
  accessToken: string;
  refreshToken: string;
  organization: { id: string };
  user: { id: Id<'usr'> };
}

export const password = 'a long enough password';

/** Registers users of an API and signs them in. */
export function createTestUsers(api: WholeApi) {
  /** Registers a user with a verified email address. */
  async function register() {
    const user = await registerUnverified();
    await verifyEmail(api.context, user.user.id);
    return user;
  }

  async function registerUnverified() {
    const account = { email: `${newId('usr')}@example.com`, password, name: 'Ann' };
    const body = { ...account, organizationName: 'Ann & Co' };
    const response = await api.request('POST', '/v1/auth/register', { body });
    return { ...account, ...((await response.json()) as SignedIn) };
  }

  const login = (email: string, overrides: object = {}) =>
    api.request('POST', '/v1/auth/login', { body: { email, password, ...overrides } });

  /** Enables TOTP, confirmed with the current code. */
  async function enableTwoFactor(as: string) {
    const started = await api.request('POST', '/v1/auth/two-factor', { as, body: { password } });
    const { secret, url } = (await started.json()) as { secret: string; url: string };
    const body = { code: totpCode(secret) };
    const confirmed = await api.request('POST', '/v1/auth/two-factor/confirm', { as, body });
    const { recoveryCodes } = (await confirmed.json()) as { recoveryCodes: string[] };
    return { secret, url, recoveryCodes };
  }

  async function registerWithTwoFactor() {
    const user = await register();
    return { ...user, ...(await enableTwoFactor(user.accessToken)) };
  }

  const setTwoFactorRequired = (as: string, requireTwoFactor = true) =>
    api.request('PATCH', '/v1/organization', { as, body: { requireTwoFactor } });

  return {
    register,
    registerUnverified,
    registerWithTwoFactor,
    login,
    enableTwoFactor,
    setTwoFactorRequired,
  };
}
