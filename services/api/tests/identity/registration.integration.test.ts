import { afterAll, expect, test } from 'bun:test';
import { createInvitationToken } from '@insightdesk/shared/domain/identity/users';
import { newId } from '@insightdesk/shared/utils';
import { createIntegrationApi } from '../../testing/integration-api.ts';
import { createTestUsers, password } from '../../testing/test-users.ts';

type Registration = ReturnType<typeof createIntegrationApi>['context']['settings']['registration'];
const settings: { registration: Registration } = { registration: 'open' };
const api = createIntegrationApi(undefined, {
  context: (call) => ({
    ...api.context,
    ...call,
    settings: { ...api.context.settings, ...settings },
  }),
});
const users = createTestUsers(api);
afterAll(() => api.close());

const newEmail = () => `${newId('usr')}@example.com`;

test.each([
  ['open', [201, 201, 200, 200]],
  ['invitation', [403, 403, 200, 200]],
  ['closed', [403, 403, 403, 200]],
] as [Registration, number[]][])(
  'REGISTRATION=%s: registration, another organization, invitations of new users and of existing ones are %p',
  async (registration, expected) => {
    settings.registration = 'open';
    const owner = await users.register();
    const existing = await users.register();
    const as = owner.accessToken;
    /** Accepts an invitation to this address. */
    async function accept(email: string) {
      const body = { email, role: 'agent' };
      const invited = await api.request('POST', '/v1/invitations', { as, body });
      const { id } = (await invited.json()) as { id: `inv_${string}` };
      const tenantId = owner.organization.id as `org_${string}`;
      const token = createInvitationToken(api.context, tenantId, id);
      return api.request('POST', '/v1/invitations/accept', {
        body: { token, name: 'New', password },
      });
    }
    settings.registration = registration;
    const account = { email: newEmail(), password, name: 'New', organizationName: 'New' };
    const responses = [
      await api.request('POST', '/v1/auth/register', { body: account }),
      await api.request('POST', '/v1/organizations', { as, body: { name: 'Another' } }),
      await accept(newEmail()),
      await accept(existing.email),
    ];
    expect(responses.map(({ status }) => status)).toEqual(expected);
    for (const response of responses.filter(({ status }) => status === 403)) {
      expect(await response.json()).toMatchObject({ code: 'REGISTRATION_CLOSED' });
    }
  },
);
