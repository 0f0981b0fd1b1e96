import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { createInvitationToken } from '@insightdesk/shared/domain/identity/users';
import { newId } from '@insightdesk/shared/utils';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
type Tenant = Awaited<ReturnType<typeof api.createTenant>>;
let own: Tenant;
let others: Tenant;
beforeAll(async () => {
  [own, others] = await Promise.all([api.createTenant(), api.createTenant()]);
});
afterAll(() => api.close());

const userOf = async (as: string) => (await api.context.security.tokens.verifyAccess(as)).userId;
const changeRole = (userId: string, role: string, as = own.owner) =>
  api.request('PATCH', `/v1/members/${userId}`, { as, body: { role } });
const remove = (userId: string, as = own.owner) =>
  api.request('DELETE', `/v1/members/${userId}`, { as });

describe('members', () => {
  test('GET /v1/members: pages list every member once', async () => {
    const ids: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = `?limit=3${cursor && `&cursor=${cursor}`}`;
      const response = await api.request('GET', `/v1/members${query}`, { as: own.agent });
      const page = (await response.json()) as {
        items: { id: string }[];
        nextCursor: string | null;
      };
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(ids.length).toBeGreaterThanOrEqual(4);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain(await userOf(others.owner));
  });

  test('GET /v1/members: 422 for an invalid cursor', async () => {
    const answer = api.request('GET', '/v1/members?cursor=x', { as: own.owner });
    await expectError(answer, 422, 'VALIDATION_FAILED');
  });

  test('GET /v1/members: 403 for customers', async () => {
    await expectError(api.request('GET', '/v1/members', { as: own.customer }), 403, 'FORBIDDEN');
  });

  test('PATCH /v1/members/:id: a new role takes effect at once', async () => {
    const agent = await own.addMember('agent');
    const response = await changeRole(await userOf(agent), 'customer');
    expect(await response.json()).toMatchObject({ role: 'customer' });
    expect((await api.request('GET', '/v1/members', { as: agent })).status).toBe(401);
  });

  test('DELETE /v1/members/:id: takes effect at once', async () => {
    const agent = await own.addMember('agent');
    expect((await remove(await userOf(agent))).status).toBe(204);
    expect((await api.request('GET', '/v1/me', { as: agent })).status).toBe(401);
  });

  test('members: 403 without permission, 404 for other tenants, 409 for the last owner, 422', async () => {
    const owner = await userOf(own.owner);
    const otherUserId = await userOf(others.agent);
    await expectError(changeRole(owner, 'agent', own.admin), 403, 'FORBIDDEN');
    await expectError(remove(owner, own.agent), 403, 'FORBIDDEN');
    await expectError(changeRole(otherUserId, 'admin'), 404, 'NOT_FOUND');
    await expectError(remove(otherUserId), 404, 'NOT_FOUND');
    await expectError(changeRole(owner, 'agent'), 409, 'LAST_OWNER');
    await expectError(remove(owner), 409, 'LAST_OWNER');
    await expectError(changeRole(owner, 'king'), 422, 'VALIDATION_FAILED');
  });
});

describe('invitations', () => {
  const invite = (body: object, as = own.owner) =>
    api.request('POST', '/v1/invitations', { as, body });
  const accept = (token: string, headers?: Record<string, string>) => {
    const body = { token, name: 'Bob', password: 'a long enough password' };
    return api.request('POST', '/v1/invitations/accept', { body, ...(headers && { headers }) });
  };
  const tokenOf = async (answer: Promise<Response>) => {
    const { id } = (await (await answer).json()) as { id: Id<'inv'> };
    const { tenantId } = await api.context.security.tokens.verifyAccess(own.owner);
    return createInvitationToken(api.context, tenantId, id);
  };
  const address = () => `${newId('usr')}@example.com`;

  test('invitations: created, accepted once, then 409', async () => {
    const invited = invite({ email: address(), role: 'agent' });
    expect((await invited).status).toBe(201);
    const token = await tokenOf(invited.then((response) => response.clone() as Response));
    const joined = await accept(token);
    expect(joined.status).toBe(200);
    const { accessToken: as } = (await joined.json()) as { accessToken: string };
    expect(await (await api.request('GET', '/v1/me', { as })).json()).toMatchObject({
      role: 'agent',
    });
    await expectError(accept(token), 409, 'INVITATION_USED');
  });

  test('invitations: listed, resent and revoked, then 404; 404 for other tenants', async () => {
    const email = address();
    const { id } = (await (await invite({ email, role: 'admin' })).json()) as { id: string };
    const path = `/v1/invitations/${id}`;
    const list = await api.request('GET', '/v1/invitations?limit=1', { as: own.admin });
    expect(await list.json()).toMatchObject({ items: [{ id, email, role: 'admin' }] });
    await expectError(
      api.request('GET', '/v1/invitations', { as: own.customer }),
      403,
      'FORBIDDEN',
    );
    for (const as of [own.agent, own.customer]) {
      await expectError(api.request('DELETE', path, { as }), 403, 'FORBIDDEN');
    }
    await expectError(api.request('DELETE', path, { as: others.owner }), 404, 'NOT_FOUND');
    expect((await api.request('POST', `${path}/resend`, { as: own.owner })).status).toBe(200);
    expect((await api.request('DELETE', path, { as: own.owner })).status).toBe(204);
    await expectError(api.request('POST', `${path}/resend`, { as: own.owner }), 404, 'NOT_FOUND');
  });

  test('POST /v1/invitations/accept: 204 with cookies for X-Session-Mode cookie', async () => {
    const token = await tokenOf(invite({ email: address(), role: 'agent' }));
    const { publicUrl } = api.options.config.http;
    const joined = await accept(token, { Origin: publicUrl, 'X-Session-Mode': 'cookie' });
    expect([joined.status, joined.headers.getSetCookie().length]).toEqual([204, 2]);
  });

  test('invitations: 403 without permission, 409 for members, 422 for invalid input', async () => {
    const email = address();
    await expectError(invite({ email, role: 'agent' }, own.customer), 403, 'FORBIDDEN');
    await expectError(invite({ email, role: 'admin' }, own.agent), 403, 'FORBIDDEN');
    await expectError(invite({ email: 'nobody', role: 'agent' }), 422, 'VALIDATION_FAILED');
    await expectError(accept('forged'), 422, 'INVITATION_INVALID');
    const me = await api.request('GET', '/v1/me', { as: own.agent });
    const { user } = (await me.json()) as { user: { email: string } };
    await expectError(invite({ email: user.email, role: 'agent' }), 409, 'ALREADY_MEMBER');
  });
});

testDocumentedResponses(api, 'members');
