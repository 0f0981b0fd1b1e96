import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Permission, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { generateSecret, parseSecret } from '@insightdesk/shared/domain/identity/api-keys';
import { listStaffIds, login } from '@insightdesk/shared/domain/identity/users';
import { testEnvironment, until } from '@insightdesk/shared/testing';
import { addDays, newId } from '@insightdesk/shared/utils';
import { expectError } from '../../testing/expect-error.ts';
import {
  createIntegrationApi,
  type TestTenant,
  testDocumentedResponses,
} from '../../testing/integration-api.ts';

const api = createIntegrationApi();
/** A second replica with its own caches. */
const second = createIntegrationApi();
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
let own: TestTenant;
beforeAll(async () => {
  own = await api.createTenant();
});
afterAll(() => Promise.all([api.close(), second.close(), admin.end()]));

const scopes: Permission[] = [
  'account:read',
  'conversations:read',
  'conversations:reply',
  'conversations:open',
];
const requestKey = (change = {}, as = own.admin) =>
  api.request('POST', '/v1/api-keys', {
    as,
    body: { name: 'CRM', permissions: scopes, ...change },
  });
interface CreatedKey {
  id: string;
  userId: string;
  secret: string;
  expiresAt: string;
}
const createKey = async (change = {}, as = own.admin) =>
  (await (await requestKey(change, as)).json()) as CreatedKey;
const path = ({ id }: { id: string }) => `/v1/api-keys/${id}`;
const get = async (key: CreatedKey, as = own.admin) =>
  (await api.request('GET', path(key), { as })).json();
const statusOfMe = async (as: string, replica = api) =>
  (await replica.request('GET', '/v1/me', { as })).status;
const userIdOf = async (as: string) => (await api.context.security.tokens.verifyAccess(as)).userId;

describe('API keys', () => {
  test('POST /v1/api-keys: the secret is shown once, hashed at rest and limited to its permissions', async () => {
    const { secret, ...key } = await createKey();
    expect(secret).toMatch(/^idk_[0-9A-Za-z]{92}$/);
    expect(await get({ ...key, secret })).toEqual({ ...key, lastUsedAt: null } as object);
    const list = await (await api.request('GET', '/v1/api-keys', { as: own.owner })).text();
    expect(list).toContain(key.id);
    expect(list).not.toContain('idk_');
    const rows =
      await admin`select * from api_key_secrets where key_id = ${toUuid(key.id as never)}`;
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(secret.slice(50, 80));
    const me = await (await api.request('GET', '/v1/me', { as: secret })).json();
    expect(me).toMatchObject({
      user: { id: key.userId, name: 'CRM' },
      permissions: scopes.toSorted(byTable),
    });
    const opened = await api.request('POST', '/v1/conversations', {
      as: secret,
      body: { subject: 'S', body: 'B' },
    });
    expect(await opened.json()).toMatchObject({ customerId: key.userId });
    const query = 'permission=members:read';
    const why = await api.request('GET', `/v1/permissions/explain?${query}`, { as: secret });
    expect(await why.json()).toMatchObject({ allowed: false, via: 'key', role: 'agent' });
    await expectError(api.request('GET', '/v1/members', { as: secret }), 403, 'FORBIDDEN');
    await expectError(api.request('POST', '/v1/auth/logout-all', { as: secret }), 403, 'FORBIDDEN');
  });

  test('API keys: 403 for other roles, 422 for invalid permissions', async () => {
    for (const as of [own.agent, own.customer])
      await expectError(requestKey({}, as), 403, 'FORBIDDEN');
    const key = await createKey();
    for (const as of [own.agent, own.customer]) {
      await expectError(api.request('GET', path(key), { as }), 403, 'FORBIDDEN');
      await expectError(api.request('DELETE', path(key), { as }), 403, 'FORBIDDEN');
    }
    for (const wrong of [
      { permissions: [] },
      { permissions: ['owners:manage'] },
      { permissions: ['account:manage'] },
      { permissions: ['customers:invite'] },
      { permissions: ['attachments:read'] },
      { permissions: ['api-keys:manage'] },
      { permissions: ['roles:manage'] },
      { permissions: ['webhooks:manage'] },
      { expiresAt: new Date(Date.now() - 1000).toISOString() },
      { expiresAt: addDays(new Date(), 400).toISOString() },
      { name: 'two\nlines' },
    ]) {
      await expectError(requestKey(wrong), 422, 'VALIDATION_FAILED');
    }
  });

  test('API keys: changed secrets are 401', async () => {
    const { secret } = await createKey({ permissions: ['conversations:read'] });
    const name = parseSecret(secret);
    if (!name) throw new Error('no secret');
    const forged = [
      secret.slice(0, -1),
      `idk_${'0'.repeat(92)}`,
      generateSecret(name),
      generateSecret({ ...name, tenantId: newId('org') }),
      generateSecret({ ...name, secretId: newId('ses') }),
    ];
    for (const as of forged)
      await expectError(api.request('GET', '/v1/conversations', { as }), 401, 'TOKEN_INVALID');
  });

  test('rotate: the old secret works until the overlap ends, on every replica', async () => {
    const key = await createKey();
    for (const at of [api, second]) expect(await statusOfMe(key.secret, at)).toBe(200);
    const rotate = async (overlapHours?: number) => {
      const body = overlapHours === undefined ? {} : { overlapHours };
      const answer = await api.request('POST', `${path(key)}/rotate`, { as: own.owner, body });
      return (await answer.json()) as { secret: string; overlapUntil: string };
    };
    const next = await rotate();
    expect(Date.parse(next.overlapUntil)).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    for (const at of [api, second]) {
      expect([await statusOfMe(key.secret, at), await statusOfMe(next.secret, at)]).toEqual([
        200, 200,
      ]);
    }
    const third = await rotate();
    for (const at of [api, second]) {
      const responses = [key.secret, next.secret, third.secret].map((one) => statusOfMe(one, at));
      expect(await Promise.all(responses)).toEqual([401, 200, 200]);
    }
    const last = await rotate(0);
    for (const at of [api, second]) {
      const responses = [next.secret, third.secret, last.secret].map((one) => statusOfMe(one, at));
      expect(await Promise.all(responses)).toEqual([401, 401, 200]);
    }
    for (const overlapHours of [-1, 169]) {
      await expectError(
        api.request('POST', `${path(key)}/rotate`, { as: own.owner, body: { overlapHours } }),
        422,
        'VALIDATION_FAILED',
      );
    }
  });

  test('DELETE: revokes a key at once on every replica, also when cached; repeatable', async () => {
    const key = await createKey();
    for (const at of [api, second]) expect(await statusOfMe(key.secret, at)).toBe(200);
    for (let i = 0; i < 2; i++) {
      expect((await api.request('DELETE', path(key), { as: own.owner })).status).toBe(204);
    }
    for (const at of [api, second]) expect(await statusOfMe(key.secret, at)).toBe(401);
    expect(await get(key)).toMatchObject({ revokedAt: expect.stringMatching(/Z$/) });
    await expectError(
      api.request('POST', `${path(key)}/rotate`, { as: own.owner, body: {} }),
      409,
      'KEY_ENDED',
    );
  });

  test('API keys: expire on every replica, cached or not', async () => {
    const expiresAt = Date.now() + 4_000;
    const key = await createKey({ expiresAt: new Date(expiresAt).toISOString() });
    expect(await statusOfMe(key.secret)).toBe(200);
    await Bun.sleep(expiresAt + 100 - Date.now());
    for (const at of [api, second]) expect(await statusOfMe(key.secret, at)).toBe(401);
    await expectError(
      api.request('POST', `${path(key)}/rotate`, { as: own.owner, body: {} }),
      409,
      'KEY_ENDED',
    );
  });

  test('API keys: lastUsedAt is recorded; a key is neither a member nor an assignee', async () => {
    const key = await createKey();
    await statusOfMe(key.secret);
    const used = async () => ((await get(key)) as { lastUsedAt: string | null }).lastUsedAt;
    await until(used);
    expect(Date.parse((await used()) ?? '')).toBeGreaterThan(Date.now() - 60_000);
    const listed = await (
      await api.request('GET', '/v1/members?limit=100', { as: own.owner })
    ).text();
    expect(listed).not.toContain(key.userId);
    const { tenantId } = await api.context.security.tokens.verifyAccess(own.owner);
    expect(await listStaffIds(api.context, tenantId)).not.toContain(key.userId as never);
    for (const password of ['', '-', key.secret]) {
      const credentials = { email: `${key.id}@keys.invalid`, password };
      await expect(login(api.context, credentials)).rejects.toMatchObject({ status: 401 });
    }
    const body = { role: 'admin' };
    await expectError(
      api.request('PATCH', `/v1/members/${key.userId}`, { as: own.owner, body }),
      404,
      'NOT_FOUND',
    );
    const opened = await api.request('POST', '/v1/conversations', {
      as: own.customer,
      body: { subject: 'S', body: 'B' },
    });
    const { id } = (await opened.json()) as { id: string };
    const assign = { assigneeId: key.userId };
    await expectError(
      api.request('PATCH', `/v1/conversations/${id}`, { as: own.owner, body: assign }),
      422,
      'VALIDATION_FAILED',
    );
  });

  test('API keys: work after their creator was removed, and name the creator', async () => {
    const maker = await own.addMember('admin');
    const key = await createKey({}, maker);
    const id = await userIdOf(maker);
    expect(await get(key)).toMatchObject({ createdBy: { id, isMember: true } });
    expect((await api.request('DELETE', `/v1/members/${id}`, { as: own.owner })).status).toBe(204);
    expect(await statusOfMe(key.secret)).toBe(200);
    expect(await get(key)).toMatchObject({ createdBy: { id, name: 'A admin', isMember: false } });
  });

  test('API keys: cannot create keys, roles or owners, nor grant more than they have', async () => {
    const permissions = ['members:read', 'members:manage'];
    const { secret: as } = await createKey({ permissions }, own.owner);
    await expectError(requestKey({}, as), 403, 'FORBIDDEN');
    const userId = await userIdOf(await own.addMember('customer'));
    for (const role of ['agent', 'admin', 'owner']) {
      await expectError(
        api.request('PATCH', `/v1/members/${userId}`, { as, body: { role } }),
        403,
        'FORBIDDEN',
      );
    }
    const role = { name: 'R', base: 'agent', permissions: [] };
    await expectError(api.request('POST', '/v1/roles', { as, body: role }), 403, 'FORBIDDEN');
    const owner = await userIdOf(own.owner);
    await expectError(api.request('DELETE', `/v1/members/${owner}`, { as }), 403, 'FORBIDDEN');
  });

  test('rotate: 403 for a caller with fewer permissions than the key', async () => {
    const key = await createKey({ permissions: ['jobs:read', 'members:read'] });
    const { tokens } = api.context.security;
    const body = {
      name: 'Key manager',
      base: 'admin',
      permissions: ['api-keys:manage', 'api-keys:read'],
    };
    const role = (await (
      await api.request('POST', '/v1/roles', { as: own.owner, body })
    ).json()) as {
      id: string;
    };
    const before = await own.addMember('admin');
    const { expiresAt: _, ...claims } = await tokens.verifyAccess(before);
    await api.request('PATCH', `/v1/members/${claims.userId}`, {
      as: own.owner,
      body: { role: 'admin', roleId: role.id },
    });
    const restriction = {
      roleId: role.id as never,
      version: 1,
      permissions: body.permissions as never,
    } as const;
    const { token: as } = await tokens.signAccess({ ...claims, restriction });
    expect((await api.request('GET', path(key), { as })).status).toBe(200);
    await expectError(
      api.request('POST', `${path(key)}/rotate`, { as, body: {} }),
      403,
      'FORBIDDEN',
    );
    await expectError(requestKey({ permissions: ['jobs:read'] }, as), 403, 'FORBIDDEN');
    expect((await api.request('DELETE', path(key), { as })).status).toBe(204);
  });

  test('rotate: after 20 concurrent rotations the last two secrets work', async () => {
    const key = await createKey();
    const responses = await Promise.all(
      Array.from({ length: 20 }, () =>
        api.request('POST', `${path(key)}/rotate`, { as: own.owner, body: {} }),
      ),
    );
    const secrets = await Promise.all(
      responses.map(async (one) => ((await one.json()) as CreatedKey).secret),
    );
    const statuses = await Promise.all([key.secret, ...secrets].map((one) => statusOfMe(one)));
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
  });

  test('POST /v1/api-keys: 409 over the limit, also concurrently; long ended keys do not count', async () => {
    const { owner: as } = await api.createTenant();
    const { tenantId } = await api.context.security.tokens.verifyAccess(as);
    const first = await createKey({}, as);
    const uuid = toUuid(tenantId);
    await admin`insert into api_keys (tenant_id, id, name, user_id, role, permissions, created_by, expires_at)
      select tenant_id, gen_random_uuid(), name, user_id, role, permissions, created_by, expires_at
      from api_keys, generate_series(1, 197) where tenant_id = ${uuid}`;
    const responses = await Promise.all([1, 2, 3, 4].map(() => requestKey({}, as)));
    expect(responses.map(({ status }) => status).toSorted()).toEqual([201, 201, 409, 409]);
    await expectError(requestKey({}, as), 409, 'TOO_MANY_KEYS');
    await admin`update api_keys set revoked_at = now() - interval '31 days'
      where tenant_id = ${uuid} and id = ${toUuid(first.id as never)}`;
    expect((await requestKey({}, as)).status).toBe(201);
    await expectError(api.request('GET', path(first), { as }), 404, 'NOT_FOUND');
  });

  test('API keys: the database role of the services cannot change permissions, expiry or secrets', async () => {
    const { id } = await createKey();
    const { tenantId } = await api.context.security.tokens.verifyAccess(own.owner);
    const uuid = toUuid(id as never);
    for (const change of [
      `update api_keys set permissions = '{owners:manage}' where id = '${uuid}'`,
      `update api_keys set expires_at = now() + interval '10 years' where id = '${uuid}'`,
      `update api_key_secrets set hash = repeat('0', 64) where key_id = '${uuid}'`,
    ]) {
      const trying = api.context.database.write({ tenantId }, (tx) => tx.execute(change));
      await expect(trying).rejects.toMatchObject({ message: expect.stringContaining('42501') });
    }
  });
});

const order = ['account:read', 'conversations:read', 'conversations:open', 'conversations:reply'];
const byTable = (a: string, b: string) => order.indexOf(a) - order.indexOf(b);

testDocumentedResponses(api, 'api-keys');
