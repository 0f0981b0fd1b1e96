import type { Id } from '@insightdesk/shared/contract';
import { verifyAddress } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { Secret, TOTP } from 'otpauth';
import type { openWholeApi } from './integration-api.ts';

type WholeApi = ReturnType<typeof openWholeApi>;

export interface SignedIn {
  accessToken: string;
  refreshToken: string;
  organization: { id: string };
  user: { id: Id<'usr'> };
}

export const password = 'a long enough password';

/** The code of an authenticator app, `by` steps from now: the next one is good already. */
export function codeOf(secret: string, by = 0): string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  return totp.generate({ timestamp: Date.now() + by * 30_000 });
}

/** People of an API that sign in with more than a password. */
export function openPeople(api: WholeApi) {
  /** Somebody who has shown that the address is his own. */
  async function register() {
    const person = await claim();
    await verifyAddress(api.context, person.user.id);
    return person;
  }

  /** Somebody who only says so. */
  async function claim() {
    const given = { email: `${newId('usr')}@example.com`, password, name: 'Ann' };
    const body = { ...given, organizationName: 'Ann & Co' };
    const response = await api.ask('POST', '/v1/auth/register', { body });
    return { ...given, ...((await response.json()) as SignedIn) };
  }

  const login = (email: string, more: object = {}) =>
    api.ask('POST', '/v1/auth/login', { body: { email, password, ...more } });

  /** Sets an authenticator app up, by the code of this moment. */
  async function setUp(as: string) {
    const begun = await api.ask('POST', '/v1/auth/two-factor', { as, body: { password } });
    const { secret, url } = (await begun.json()) as { secret: string; url: string };
    const body = { code: codeOf(secret) };
    const confirmed = await api.ask('POST', '/v1/auth/two-factor/confirm', { as, body });
    const { recoveryCodes } = (await confirmed.json()) as { recoveryCodes: string[] };
    return { secret, url, recoveryCodes };
  }

  async function registerGuarded() {
    const person = await register();
    return { ...person, ...(await setUp(person.accessToken)) };
  }

  const require = (as: string, requireTwoFactor = true) =>
    api.ask('PATCH', '/v1/organization', { as, body: { requireTwoFactor } });

  return { claim, register, registerGuarded, login, setUp, require };
}

/** What an answer says went wrong. */
export async function faultOf(response: Response): Promise<[number, string]> {
  const { code } = (await response.json()) as { code: string };
  return [response.status, code];
}
