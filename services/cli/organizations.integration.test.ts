import { afterAll, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { withTempDirectory } from '@insightdesk/shared/files';
import { until } from '../../shared/testing/until.ts';
import { call, createOrganization, type Listener, listen } from '../../tests/e2e/client.ts';
import { runDesk } from './test-command.ts';

const listeners: Listener[] = [];
afterAll(() => {
  for (const listener of listeners) listener.close();
});

const desk = (words: string[], env?: Record<string, string | undefined>) =>
  runDesk(['organizations', ...words], env);

/** Beside a running stack, without the services' variables. */
const beside = () => ({
  ...process.env,
  DATABASE_URL: undefined,
  VALKEY_URL: undefined,
  INSIGHTDESK_DATA: dirname(process.env.INSIGHTDESK_RUN ?? '.data/run.json'),
});

async function visit(token: string, replica: string) {
  const listener = await listen(token, { replica });
  listeners.push(listener);
  const reasons: string[] = [];
  listener.socket.on('closing', ({ code }) => reasons.push(code));
  return { listener, reasons };
}

test('disable refuses all requests of an organization at once, and enable reverts it', async () => {
  const { owner, customer } = await createOrganization();
  const { organizationId: id } = owner;
  const visits = [
    await visit(owner.token, '1'),
    await visit(owner.token, '2'),
    await visit(customer.token, '1'),
    await visit(customer.token, '2'),
  ];
  expect(await desk(['disable', id])).toMatchObject({ code: 0, output: `${id} is disabled\n` });
  await until(() => visits.every(({ listener }) => !listener.socket.connected), {
    timeoutMs: 10_000,
  });
  for (const { reasons } of visits) expect(reasons).toEqual(['ACCESS_CHANGED']);
  const disabled = { status: 403, code: 'ORGANIZATION_DISABLED' };
  const failure = await listen(customer.token).catch((error: unknown) => error);
  expect(failure).toMatchObject({ data: disabled });
  for (const [method, path, options] of [
    ['GET', '/v1/me', { token: customer.token }],
    ['POST', '/v1/auth/refresh', { body: { refreshToken: owner.refreshToken } }],
  ] as const) {
    expect((await call(method, path, options)).body).toMatchObject(disabled);
  }
  expect(await desk(['disable', id])).toMatchObject({ output: `${id} was already disabled\n` });
  expect(await desk(['enable', id], beside())).toMatchObject({ output: `${id} is enabled\n` });
  expect((await call('GET', '/v1/me', { token: customer.token })).status).toBe(200);
  await visit(customer.token, '1');
});

test('organizations refuses an unknown organization', async () => {
  for (const words of [[], ['disable'], ['disable', 'org_x'], ['delete', 'org_x']]) {
    const { code, errors } = await desk(words);
    expect(code).toBe(2);
    expect(errors).toStartWith('Usage: ');
  }
  const nobody = await desk(['disable', 'org_01h455vb4pex5vsknk084sn02q']);
  expect(nobody).toMatchObject({ code: 1 });
  expect(nobody.errors).toContain('Organization not found');
});

test('quota sets the quota that GET /v1/usage shows', async () => {
  const { owner } = await createOrganization();
  const { organizationId: id, token } = owner;
  const set = await desk(['quota', id, 'stored-bytes', '12345']);
  expect(set).toMatchObject({ code: 0, output: `${id}: stored-bytes quota set to 12345\n` });
  const { body } = await call('GET', '/v1/usage', { token });
  const quotas = body.quotas as { name: string; limit: number }[];
  expect(quotas.find(({ name }) => name === 'stored-bytes')?.limit).toBe(12_345);
  expect((await desk(['quota', id, 'stored-bytes', '0'])).output).toContain('set to unlimited');
  for (const words of [[id], [id, 'bytes', '1'], [id, 'seats', '-1'], ['org_x', 'seats', '1']]) {
    expect((await desk(['quota', ...words])).code).toBe(2);
  }
});

test('erase requires the exact name and deletes the organization', async () => {
  const { owner } = await createOrganization();
  const { organizationId: id, token } = owner;
  const { body } = await call('GET', '/v1/me', { token });
  expect((await desk(['erase', id])).code).toBe(2);
  const refused = await desk(['erase', id, '--name', 'Another name']);
  expect(refused).toMatchObject({ code: 1, errors: expect.stringContaining('does not match') });
  const { code, output } = await desk(['erase', id, '--name', body.organization.name]);
  expect(output).toStartWith(`${id} deleted\n`);
  expect(code).toBe(0);
  expect((await call('GET', '/v1/me', { token })).status).toBe(401);
});

test(
  'export writes a complete archive with its hash and refuses a rate of 0',
  () =>
    withTempDirectory(async (folder) => {
      const { organizationId: id } = (await createOrganization()).owner;
      const { code, output } = await desk(['export', id, folder, '--rate', '50']);
      expect(code).toBe(0);
      const bytes = await Bun.file(join(folder, `${id}.tar.gz`)).bytes();
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect(output).toStartWith(
        `${id} exported to ${join(folder, `${id}.tar.gz`)}\n  ${bytes.length} bytes, `,
      );
      expect(output).toEndWith(`sha256 ${sha256}\n`);
      expect(Bun.gunzipSync(bytes).length).toBeGreaterThan(0);
      expect((await desk(['export', id, folder, '--rate', '0'])).code).toBe(2);
    }),
  150_000,
);
