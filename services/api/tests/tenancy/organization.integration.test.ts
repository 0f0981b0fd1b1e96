import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { writeArchive } from '@insightdesk/shared/domain/tenancy/tenant-export';
import { createTestDatabase } from '@insightdesk/shared/testing';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

// A database of its own, so that no worker writes the archives.
const testDatabase = await createTestDatabase();
const api = createIntegrationApi(undefined, {}, testDatabase.url);
type Tenant = Awaited<ReturnType<typeof api.createTenant>>;
let own: Tenant;
let others: Tenant;
beforeAll(async () => {
  [own, others] = await Promise.all([api.createTenant(), api.createTenant()]);
});
afterAll(async () => {
  await api.close();
  await testDatabase.drop();
});

const path = '/v1/organization/exports';
const signal = new AbortController().signal;
const body = { name: 'A tenant', password: 'a long enough password' };

async function write(as: string, exportId: Id<'exp'>) {
  const { tenantId } = await api.context.security.tokens.verifyAccess(as);
  const actor = { kind: 'system', name: 'worker' } as const;
  await writeArchive({ ...api.context, actor, tenantId }, { exportId }, { signal });
}

test('export: an owner requests and downloads the archive, 403 and 404 for others', async () => {
  const requested = await api.request('POST', '/v1/organization/export', {
    as: own.owner,
    body: {},
  });
  expect(requested.status).toBe(202);
  const { id, status } = (await requested.json()) as { id: Id<'exp'>; status: string };
  expect(status).toBe('pending');
  const early = await api.request('GET', `${path}/${id}/content`, { as: own.owner });
  expect(await early.json()).toMatchObject({ status: 409, code: 'EXPORT_NOT_READY' });
  const twice = await api.request('POST', '/v1/organization/export', { as: own.owner, body: {} });
  expect(await twice.json()).toMatchObject({ status: 409, code: 'TOO_MANY_EXPORTS' });
  await write(own.owner, id);
  const shown = await api.request('GET', `${path}/${id}`, { as: own.owner });
  const { sizeBytes, sha256 } = (await shown.json()) as { sizeBytes: number; sha256: string };
  const fetched = await api.request('GET', `${path}/${id}/content`, { as: own.owner });
  expect(fetched.headers.get('Cache-Control')).toContain('no-store');
  const bytes = await fetched.bytes();
  expect(bytes.length).toBe(sizeBytes);
  expect(new Bun.CryptoHasher('sha256').update(bytes).digest('hex')).toBe(sha256);
  for (const as of [own.admin, own.agent, own.customer]) {
    for (const where of [`${path}/${id}`, `${path}/${id}/content`]) {
      expect((await api.request('GET', where, { as })).status).toBe(403);
    }
    expect((await api.request('POST', '/v1/organization/export', { as, body: {} })).status).toBe(
      403,
    );
  }
  for (const where of [`${path}/${id}`, `${path}/${id}/content`]) {
    expect((await api.request('GET', where, { as: others.owner })).status).toBe(404);
  }
});

test('erasure: requires the name, and can be cancelled', async () => {
  const erase = (as: string, input: object) =>
    api.request('POST', '/v1/organization/erasure', { as, body: { ...body, ...input } });
  const cancel = () => api.request('DELETE', '/v1/organization/erasure', { as: own.owner });
  expect((await erase(own.admin, {})).status).toBe(403);
  expect((await erase(own.owner, { name: 'a tenant' })).status).toBe(422);
  expect(await (await cancel()).json()).toMatchObject({ status: 409, code: 'NOT_LEAVING' });
  const first = await erase(own.owner, {});
  expect(first.status).toBe(202);
  const { eraseAt } = (await first.json()) as { eraseAt: string };
  expect(Date.parse(eraseAt)).toBeGreaterThan(Date.now() + 6 * 86_400_000);
  expect(await (await erase(own.owner, {})).json()).toEqual({ eraseAt });
  expect((await cancel()).status).toBe(204);
  expect((await cancel()).status).toBe(409);
});

test('PATCH /v1/organization: owners set requireTwoFactor, 403 for admins', async () => {
  const { owner, admin } = await api.createTenant();
  const request = (as: string) =>
    api.request('PATCH', '/v1/organization', { as, body: { requireTwoFactor: true } });
  expect((await request(admin)).status).toBe(403);
  expect(await (await request(owner)).json()).toMatchObject({ requireTwoFactor: true });
});

test('PATCH /v1/organization: owners rename it; 422 for an empty change', async () => {
  const { owner, agent } = await api.createTenant();
  const request = (body: object) => api.request('PATCH', '/v1/organization', { as: owner, body });
  expect(await (await request({ name: 'Acme Ltd' })).json()).toMatchObject({
    name: 'Acme Ltd',
    requireTwoFactor: false,
  });
  const me = await api.request('GET', '/v1/me', { as: agent });
  expect(await me.json()).toMatchObject({ organization: { name: 'Acme Ltd' } });
  for (const body of [{}, { name: '' }, { other: 1 }])
    expect((await request(body)).status).toBe(422);
});

test('GET /v1/organization: staff gets the settings, customers the name only', async () => {
  const { owner, agent, customer } = await api.createTenant();
  const get = async (as: string) =>
    (await (await api.request('GET', '/v1/organization', { as })).json()) as object;
  const before = await get(agent);
  expect(before).toMatchObject({ name: 'A tenant', allowReopening: false });
  const allow = { as: owner, body: { allowReopening: true } };
  const changed = await api.request('PATCH', '/v1/organization', allow);
  expect(await changed.json()).toEqual({ ...before, allowReopening: true });
  expect(await get(agent)).toEqual({ ...before, allowReopening: true });
  expect(Object.keys(await get(customer))).toEqual(['id', 'name']);
});

test('feature flags are listed and updated; the audit log is listed', async () => {
  const shown = await api.request('GET', '/v1/flags', { as: own.agent });
  expect(shown.status).toBe(200);
  const change = { 'email-staff': false };
  const changed = await api.request('PATCH', '/v1/flags', { as: own.owner, body: change });
  expect(await changed.json()).toMatchObject({
    flags: expect.arrayContaining([expect.objectContaining({ name: 'email-staff', value: false })]),
  });
  expect((await api.request('GET', '/v1/audit', { as: own.admin })).status).toBe(200);
});

testDocumentedResponses(api, 'organization');
