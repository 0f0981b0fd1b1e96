import { afterAll, expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import type { z } from 'zod';
import type { Method } from '../../route.ts';
import { routes } from '../../routes.ts';
import { faultOf, openPeople } from '../../testing/test-users.ts';
import { openWholeApi } from '../../testing/integration-api.ts';

const api = openWholeApi();
const people = openPeople(api);
afterAll(api.close);

const wrong = 'another password';
const code = '123456';
const redirectTo = `${api.options.config.http.publicUrl}/signed-in`;

/** Every route that has its caller type the own password again. */
const doors: [method: Method, path: string, body: object][] = [
  ['POST', '/v1/auth/password', { currentPassword: wrong, password: 'a new good password' }],
  ['POST', '/v1/auth/email', { password: wrong, email: 'next@example.com' }],
  ['POST', '/v1/auth/two-factor', { password: wrong }],
  ['POST', '/v1/auth/two-factor/remove', { password: wrong, code }],
  ['POST', '/v1/auth/two-factor/recovery-codes', { password: wrong, code }],
  ['POST', '/v1/auth/passkeys/options', { password: wrong }],
  ['POST', `/v1/auth/passkeys/${newId('pky')}/remove`, { password: wrong }],
  ['POST', `/v1/auth/oauth/${newId('idp')}/link`, { password: wrong, redirectTo }],
  ['POST', '/v1/organization/erasure', { password: wrong, name: 'Ann & Co' }],
];

test.each(doors)(
  'a wrong own password is 403 WRONG_PASSWORD: %s %s',
  async (method, path, body) => {
    const { accessToken: as } = await people.register();
    expect(await faultOf(await api.ask(method, path, { as, body }))).toEqual([
      403,
      'WRONG_PASSWORD',
    ]);
    // It is the password that is wrong, and not the session.
    expect((await api.ask('GET', '/v1/me', { as })).status).toBe(200);
  },
);

test('no such route is left out', () => {
  const asks = ({ input }: { input: z.ZodType }) => {
    const { shape = {} } = input as { shape?: object };
    return 'password' in shape || 'currentPassword' in shape;
  };
  const asking = routes.filter((route) => route.allow !== 'anyone' && asks(route));
  const seen = (path: string) =>
    doors.some(([, door]) => new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`).test(door));
  expect(asking.map(({ path }) => path).filter((path) => !seen(path))).toEqual([]);
  expect(asking).toHaveLength(doors.length);
});
