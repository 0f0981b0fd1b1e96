import { afterAll, beforeAll, expect, test } from 'bun:test';
import { connect } from '@insightdesk/shared/database';
import { testEnvironment } from '@insightdesk/shared/testing';
import { run } from '../../tests/e2e/client.ts';
import type { Finding } from './diagnostic.ts';
import { runDesk } from './test-command.ts';

const name = `doctor_${crypto.randomUUID().replaceAll('-', '')}`;
const at = (url: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href;
const server = connect(testEnvironment.adminUrl, { timeoutMs: 30_000 });
beforeAll(async () => {
  await server.unsafe(`create database ${name} owner insightdesk_owner`);
});
afterAll(async () => {
  await server.unsafe(`drop database ${name} with (force)`);
  await server.end();
});

interface Report {
  ok: boolean;
  faults: number;
  findings: Finding[];
}

/** The findings by name, those with a fault marked by their fix. */
async function examine(words: string[], env: Record<string, string> = {}) {
  const ca = { NODE_EXTRA_CA_CERTS: run.ca };
  const { code, output } = await runDesk(['doctor', '--json', ...words], {
    ...process.env,
    ...ca,
    ...env,
  });
  const report: Report = JSON.parse(output);
  const of = (name: string) => report.findings.filter((finding) => finding.name === name);
  return { code, output, report, of };
}

test('a stack that is well has nothing to mend', async () => {
  const { code, report, of } = await examine([]);
  expect(report.findings.filter(({ fix, isWarning }) => fix && !isWarning)).toEqual([]);
  expect({ code, ok: report.ok, faults: report.faults }).toEqual({ code: 0, ok: true, faults: 0 });
  const names = new Set(report.findings.map((finding) => finding.name));
  const wanted = 'bun,to postgres,to postgres as owner,to valkey,to storage,to mail,postgres clock,'
    .concat('extensions,row security,migrations,role insightdesk_app,role insightdesk_relay,')
    .concat('role insightdesk_identity,valkey policy,valkey persistence,valkey clock,JWT_SECRET,')
    .concat('certificate,certificate trust,disk files');
  for (const one of wanted.split(',')) expect(names).toContain(one);
  expect(of('migrations')[0]?.found).toBe('all applied');
  expect(of('valkey policy')[0]?.found).toBe('noeviction');
});

test('for people it says the same, one line each', async () => {
  const { code, output } = await runDesk(['doctor', 'valkey']);
  expect(output).toMatch(/^ok {4}valkey policy +noeviction$/m);
  expect(output).toContain('Nothing to mend.');
  expect(code).toBe(0);
});

test('a superuser as the role of the services, on a database without its schema', async () => {
  const { code, of, output } = await examine(['database'], {
    DATABASE_URL: at(testEnvironment.adminUrl),
    DATABASE_MIGRATION_URL: at(testEnvironment.migrationUrl),
  });
  expect(code).toBe(1);
  const [role] = of(`role ${new URL(testEnvironment.adminUrl).username}`);
  expect(role?.found).toContain('is a superuser, bypasses row security');
  expect(role?.fix).toContain('provision.sql');
  expect(of('extensions')[0]?.fix).toContain('create extension vector');
  expect(of('migrations')[0]?.found).toContain('is pending');
  expect(of('migrations')[0]?.fix).toContain('desk migrate');
  expect(output).not.toContain(new URL(testEnvironment.adminUrl).password);
});

test('a table of tenants that anybody may read is found', async () => {
  const sql = connect(at(testEnvironment.adminUrl), { timeoutMs: 30_000 });
  await sql`create table open_notes (tenant_id uuid)`;
  await sql.end();
  const env = { DATABASE_URL: at(testEnvironment.adminUrl) };
  const { of } = await examine(['database'], env);
  expect(of('row security')[0]).toMatchObject({ found: 'not forced on open_notes' });
});

test('servers that are away cost one finding each, and no password is told', async () => {
  const { code, output, of } = await examine(['connections', 'valkey', 'certificate'], {
    VALKEY_URL: 'redis://:hunter2222@127.0.0.1:9',
    SMTP_PORT: '9',
    API_URL: 'https://127.0.0.1:9',
  });
  expect(code).toBe(1);
  expect(of('to valkey')[0]?.fix).toContain('VALKEY_…URL');
  expect(of('to mail')[0]?.fix).toContain('SMTP_HOST');
  expect(of('to postgres')[0]?.fix).toBeUndefined();
  expect(of('valkey')[0]?.fix).toBeString();
  expect(of('certificate')[0]).toMatchObject({ isWarning: true });
  expect(output).not.toContain('hunter2222');
});

test('a faulty configuration is told fault by fault', async () => {
  const env = { NODE_ENV: 'production', PORT: 'eighty', JWT_SECRET: 'short', SMTP_USER: 'me' };
  const { code, of, output } = await examine([], env);
  expect(code).toBe(1);
  const found = of('configuration').map((finding) => finding.found.split(':')[0]);
  for (const one of ['PORT', 'JWT_SECRET', 'SMTP_PASSWORD']) expect(found).toContain(one);
  expect(output).not.toContain('eighty');
});

test('what is not understood is refused', async () => {
  for (const words of [['--force'], ['everything']]) {
    expect((await runDesk(['doctor', ...words])).code).toBe(2);
  }
});
