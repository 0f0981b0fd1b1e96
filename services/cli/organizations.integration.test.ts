import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { withTempDirectory } from '@insightdesk/shared/files';
import { call, registerOwner } from '../../tests/e2e/client.ts';
import { runDesk } from './test-command.ts';

const desk = (words: string[], env?: Record<string, string | undefined>) =>
  runDesk(['organizations', ...words], env);

/** Beside a running stack, without the services' variables. */
const beside = () => ({
  ...process.env,
  DATABASE_URL: undefined,
  VALKEY_URL: undefined,
  INSIGHTDESK_DATA: dirname(process.env.INSIGHTDESK_RUN ?? '.data/run.json'),
});

test('disable refuses all requests of an organization, and enable reverts it', async () => {
  const { organizationId: id, token } = await registerOwner();
  const me = () => call('GET', '/v1/me', { token });
  expect(await desk(['disable', id])).toMatchObject({ code: 0, output: `${id} is disabled\n` });
  expect((await me()).body).toMatchObject({ status: 403, code: 'ORGANIZATION_DISABLED' });
  expect(await desk(['disable', id])).toMatchObject({ output: `${id} was already disabled\n` });
  expect(await desk(['enable', id], beside())).toMatchObject({ output: `${id} is enabled\n` });
  expect((await me()).status).toBe(200);
});

test('disable refuses an unknown organization', async () => {
  expect(await desk(['disable', 'org_01h455vb4pex5vsknk084sn02q'])).toMatchObject({
    code: 1,
    errors: expect.stringContaining('Organization not found'),
  });
});

test('list finds organizations by name, and show prints owners, usage and quotas', async () => {
  const { organizationId: id, email, token } = await registerOwner();
  const { body } = await call('GET', '/v1/me', { token });
  const { name } = body.organization;
  const { output } = await desk(['list', name]);
  expect(output).toMatch(new RegExp(`^${id}  \\d{4}-\\d\\d-\\d\\d  ${name}$`, 'm'));
  expect((await desk(['list', `${name}%`])).output).toBe('');
  const shown = await desk(['show', id]);
  expect(shown.output).toStartWith(`${id} ${name}\n`);
  expect(shown.output).toContain(email);
  expect(shown.output).toMatch(/^ {2}seats {17}1 of /m);
});

test('export to - writes the archive to standard output and the summary to standard error', async () => {
  const { organizationId: id } = await registerOwner();
  const command = [process.execPath, `${import.meta.dir}/desk.ts`, 'organizations', 'export', id];
  const options = { env: process.env, stdout: 'pipe', stderr: 'pipe' } as const;
  const child = Bun.spawn([...command, '-'], options);
  const [bytes, errors] = await Promise.all([child.stdout.bytes(), child.stderr.text()]);
  expect(errors).toContain('exported to standard output');
  expect(Bun.gunzipSync(bytes).length).toBeGreaterThan(0);
  expect(errors).toContain(createHash('sha256').update(bytes).digest('hex'));
});

test('quota sets the quota that GET /v1/usage shows', async () => {
  const { organizationId: id, token } = await registerOwner();
  const set = await desk(['quota', id, 'stored-bytes', '12345']);
  expect(set).toMatchObject({ code: 0, output: `${id}: stored-bytes quota set to 12345\n` });
  const { body } = await call('GET', '/v1/usage', { token });
  const quotas = body.quotas as { name: string; limit: number }[];
  expect(quotas.find(({ name }) => name === 'stored-bytes')?.limit).toBe(12_345);
  expect((await desk(['quota', id, 'stored-bytes', '0'])).output).toContain('set to unlimited');
});

test('erase requires the exact name and deletes the organization', async () => {
  const { organizationId: id, token } = await registerOwner();
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
      const { organizationId: id } = await registerOwner();
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
