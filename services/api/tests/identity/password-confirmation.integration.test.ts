import { afterAll, expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import type { z } from 'zod';
import type { Method } from '../../route.ts';
import { routes } from '../../routes.ts';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi } from '../../testing/integration-api.ts';
import { createTestUsers } from '../../testing/test-users.ts';

const api = createIntegrationApi();
const users = createTestUsers(api);
afterAll(api.close);

const wrong = 'another password';
const code = '123456';
const redirectTo = `${api.options.config.http.publicUrl}/signed-in`;

/** Routes that require the password of the caller. */
const requests: [method: Method, path: string, body: object][] = [
  ['POST', '/v1/auth/password', { currentPassword: wrong, password: 'a new good password' }],
  ['POST', '/v1/auth/email', { password: wrong, email: 'next@example.com' }],
  ['POST', '/v1/auth/two-factor', { password: wrong }],
  ['POST', '/v1/auth/two-factor/remove', { password: wrong, code }],
  ['POST', '/v1/auth/two-factor/recovery-codes', { password: wrong, code }],
  ['POST', '/v1/auth/passkeys/options', { password: wrong }],
  ['POST', `/v1/auth/passkeys/${newId('pky')}/remove`, { password: wrong }],
  ['POST', `/v1/auth/oauth/${newId('idp')}/link`, { password: wrong, redirectTo }],
  ['POST', '/v1/organization/erasure', { password: wrong, name: 'Ann & Co' }],
  ['DELETE', '/v1/me', { password: wrong }],
];

test.each(requests)(
  '%s %s: a wrong password is 403 WRONG_PASSWORD, the session stays valid',
  async (method, path, body) => {
    const { accessToken: as } = await users.register();
    await expectError(await api.request(method, path, { as, body }), 403, 'WRONG_PASSWORD');

    expect((await api.request('GET', '/v1/me', { as })).status).toBe(200);
  },
);

test('every route with a password in its input is in the list above', () => {
  const takesPassword = ({ input }: { input: z.ZodType }) => {
    const { shape = {} } = input as { shape?: object };
    return 'password' in shape || 'currentPassword' in shape;
  };
  const passwordRoutes = routes.filter((route) => route.allow !== 'anyone' && takesPassword(route));
  const isListed = (path: string) =>
    requests.some(([, requested]) =>
      new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`).test(requested),
    );
  expect(passwordRoutes.map(({ path }) => path).filter((path) => !isListed(path))).toEqual([]);
  expect(passwordRoutes).toHaveLength(requests.length);
});
