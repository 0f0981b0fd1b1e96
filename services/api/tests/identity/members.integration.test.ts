import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { invitationToken } from '@insightdesk/shared/domain/identity/users';
import { newId } from '@insightdesk/shared/utils';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
type Tenant = Awaited<ReturnType<typeof api.openTenant>>;
let own: Tenant;
let strangers: Tenant;
beforeAll(async () => {
  [own, strangers] = await Promise.all([api.openTenant(), api.openTenant()]);
});
afterAll(() => api.close());

async function refused(answer: Promise<Response>, status: number, code: string) {
  const response = await answer;
  expect(await response.json()).toMatchObject({ status, code });
}

const userOf = async (as: string) => (await api.context.security.tokens.verifyAccess(as)).userId;
const changeRole = (userId: string, role: string, as = own.owner) =>
  api.request('PATCH', `/v1/members/${userId}`, { as, body: { role } });
const remove = (userId: string, as = own.owner) =>
  api.request('DELETE', `/v1/members/${userId}`, { as });

describe('members', () => {
  test('200: pages that together hold everybody once', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = `?limit=3${cursor && `&cursor=${cursor}`}`;
      const response = await api.request('GET', `/v1/members${query}`, { as: own.agent });
      const page = (await response.json()) as {
        items: { id: string }[];
        nextCursor: string | null;
      };
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen.length).toBeGreaterThanOrEqual(4);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).not.toContain(await userOf(strangers.owner));
  });

  test('422: a cursor that is not ours', async () => {
    const answer = api.request('GET', '/v1/members?cursor=x', { as: own.owner });
    await refused(answer, 422, 'VALIDATION_FAILED');
  });

  test('403: customers do not see each other', async () => {
    await refused(api.request('GET', '/v1/members', { as: own.customer }), 403, 'FORBIDDEN');
  });

  test('200: another role, felt at once', async () => {
    const agent = await own.newcomer('agent');
    const response = await changeRole(await userOf(agent), 'customer');
    expect(await response.json()).toMatchObject({ role: 'customer' });
    expect((await api.request('GET', '/v1/members', { as: agent })).status).toBe(401);
  });

  test('204: gone, at once', async () => {
    const agent = await own.newcomer('agent');
    expect((await remove(await userOf(agent))).status).toBe(204);
    expect((await api.request('GET', '/v1/me', { as: agent })).status).toBe(401);
  });

  test('403, 404, 409, 422', async () => {
    const owner = await userOf(own.owner);
    const stranger = await userOf(strangers.agent);
    await refused(changeRole(owner, 'agent', own.admin), 403, 'FORBIDDEN');
    await refused(remove(owner, own.agent), 403, 'FORBIDDEN');
    await refused(changeRole(stranger, 'admin'), 404, 'NOT_FOUND');
    await refused(remove(stranger), 404, 'NOT_FOUND');
    await refused(changeRole(owner, 'agent'), 409, 'LAST_OWNER');
    await refused(remove(owner), 409, 'LAST_OWNER');
    await refused(changeRole(owner, 'king'), 422, 'VALIDATION_FAILED');
  });
});

describe('invitations', () => {
  const invite = (body: object, as = own.owner) => api.request('POST', '/v1/invitations', { as, body });
  const accept = (token: string, headers?: Record<string, string>) => {
    const body = { token, name: 'Bob', password: 'a long enough password' };
    return api.request('POST', '/v1/invitations/accept', { body, ...(headers && { headers }) });
  };
  const tokenOf = async (answer: Promise<Response>) => {
    const { id } = (await (await answer).json()) as { id: Id<'inv'> };
    const { tenantId } = await api.context.security.tokens.verifyAccess(own.owner);
    return invitationToken(api.context, tenantId, id);
  };
  const address = () => `${newId('usr')}@example.com`;

  test('201, then 200 once and 409 afterwards', async () => {
    const invited = invite({ email: address(), role: 'agent' });
    expect((await invited).status).toBe(201);
    const token = await tokenOf(invited.then((response) => response.clone() as Response));
    const joined = await accept(token);
    expect(joined.status).toBe(200);
    const { accessToken: as } = (await joined.json()) as { accessToken: string };
    expect(await (await api.request('GET', '/v1/me', { as })).json()).toMatchObject({ role: 'agent' });
    await refused(accept(token), 409, 'INVITATION_USED');
  });

  test('200, 204: listed, mailed again, revoked; 404 afterwards and to strangers', async () => {
    const email = address();
    const { id } = (await (await invite({ email, role: 'admin' })).json()) as { id: string };
    const path = `/v1/invitations/${id}`;
    const list = await api.request('GET', '/v1/invitations?limit=1', { as: own.admin });
    expect(await list.json()).toMatchObject({ items: [{ id, email, role: 'admin' }] });
    await refused(api.request('GET', '/v1/invitations', { as: own.customer }), 403, 'FORBIDDEN');
    for (const as of [own.agent, own.customer]) {
      await refused(api.request('DELETE', path, { as }), 403, 'FORBIDDEN');
    }
    await refused(api.request('DELETE', path, { as: strangers.owner }), 404, 'NOT_FOUND');
    expect((await api.request('POST', `${path}/resend`, { as: own.owner })).status).toBe(200);
    expect((await api.request('DELETE', path, { as: own.owner })).status).toBe(204);
    await refused(api.request('POST', `${path}/resend`, { as: own.owner }), 404, 'NOT_FOUND');
  });

  test('204: into the cookies of a browser that asks for it', async () => {
    const token = await tokenOf(invite({ email: address(), role: 'agent' }));
    const { publicUrl } = api.options.config.http;
    const joined = await accept(token, { Origin: publicUrl, 'X-Session-Mode': 'cookie' });
    expect([joined.status, joined.headers.getSetCookie().length]).toEqual([204, 2]);
  });

  test('403, 409, 422', async () => {
    const email = address();
    await refused(invite({ email, role: 'agent' }, own.customer), 403, 'FORBIDDEN');
    await refused(invite({ email, role: 'admin' }, own.agent), 403, 'FORBIDDEN');
    await refused(invite({ email: 'nobody', role: 'agent' }), 422, 'VALIDATION_FAILED');
    await refused(accept('forged'), 422, 'INVITATION_INVALID');
    const me = await api.request('GET', '/v1/me', { as: own.agent });
    const { user } = (await me.json()) as { user: { email: string } };
    await refused(invite({ email: user.email, role: 'agent' }), 409, 'ALREADY_MEMBER');
  });
});

testDocumentedResponses(api, '/v1/members', '/v1/invitations', '/v1/me');
