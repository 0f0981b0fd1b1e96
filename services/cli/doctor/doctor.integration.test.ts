import { afterAll, beforeAll, expect, test } from 'bun:test';
import { connect } from '@insightdesk/shared/database';
import { testEnvironment } from '@insightdesk/shared/testing';
import { run } from '../../../tests/e2e/client.ts';
import { runDesk } from '../test-command.ts';
import type { Diagnostic } from './diagnostic.ts';

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
  errors: number;
  findings: Diagnostic[];
}

/** The findings by name, those with a fault marked by their fix. */
async function runDoctor(words: string[], env: Record<string, string> = {}) {
  const ca = { NODE_EXTRA_CA_CERTS: run.ca };
  const { code, output } = await runDesk(['doctor', '--json', ...words], {
    ...process.env,
    ...ca,
    ...env,
  });
  const report: Report = JSON.parse(output);
  const named = (name: string) => report.findings.filter((finding) => finding.name === name);
  return { code, output, report, named };
}

test('doctor reports no errors for a healthy stack', async () => {
  const { code, report, named } = await runDoctor([]);
  expect(report.findings.filter(({ fix, isWarning }) => fix && !isWarning)).toEqual([]);
  expect({ code, ok: report.ok, errors: report.errors }).toEqual({ code: 0, ok: true, errors: 0 });
  const names = new Set(report.findings.map((finding) => finding.name));
  const wanted = 'bun,to postgres,to postgres as owner,to valkey,to storage,to mail,postgres clock,'
    .concat('extensions,row security,migrations,role insightdesk_app,role insightdesk_relay,')
    .concat('role insightdesk_identity,valkey policy,valkey persistence,valkey clock,JWT_SECRET,')
    .concat('certificate,certificate trust,disk files');
  for (const one of wanted.split(',')) expect(names).toContain(one);
  expect(named('migrations')[0]?.found).toBe('all applied');
  expect(named('valkey policy')[0]?.found).toBe('noeviction');
});

test('doctor prints one line per result without --json', async () => {
  const { code, output } = await runDesk(['doctor', 'valkey']);
  expect(output).toMatch(/^ok {4}valkey policy +noeviction$/m);
  expect(output).toContain('0 errors');
  expect(code).toBe(0);
});

test('doctor reports a superuser login and a missing schema', async () => {
  const { code, named, output } = await runDoctor(['database'], {
    DATABASE_URL: at(testEnvironment.adminUrl),
    DATABASE_MIGRATION_URL: at(testEnvironment.migrationUrl),
  });
  expect(code).toBe(1);
  const [role] = named(`role ${new URL(testEnvironment.adminUrl).username}`);
  expect(role?.found).toContain('is a superuser, bypasses row security');
  expect(role?.fix).toContain('provision.sql');
  expect(named('extensions')[0]?.fix).toContain('create extension vector');
  expect(named('migrations')[0]?.found).toContain('is pending');
  expect(named('migrations')[0]?.fix).toContain('desk migrate');
  expect(output).not.toContain(new URL(testEnvironment.adminUrl).password);
});

test('doctor reports a tenant table without row-level security', async () => {
  const sql = connect(at(testEnvironment.adminUrl), { timeoutMs: 30_000 });
  await sql`create table open_notes (tenant_id uuid)`;
  await sql.end();
  const env = { DATABASE_URL: at(testEnvironment.adminUrl) };
  const { named } = await runDoctor(['database'], env);
  expect(named('row security')[0]).toMatchObject({ found: 'not forced on open_notes' });
});

test('doctor reports one error per unavailable server and prints no password', async () => {
  const { code, output, named } = await runDoctor(['connections', 'valkey', 'certificate'], {
    VALKEY_URL: 'redis://:hunter2222@127.0.0.1:9',
    SMTP_PORT: '9',
    API_URL: 'https://127.0.0.1:9',
  });
  expect(code).toBe(1);
  expect(named('to valkey')[0]?.fix).toContain('VALKEY_…URL');
  expect(named('to mail')[0]?.fix).toContain('SMTP_HOST');
  expect(named('to postgres')[0]?.fix).toBeUndefined();
  expect(named('valkey')[0]?.fix).toBeString();
  expect(named('certificate')[0]).toMatchObject({ isWarning: true });
  expect(output).not.toContain('hunter2222');
});

test('doctor reports each invalid variable', async () => {
  const env = { NODE_ENV: 'production', PORT: 'eighty', JWT_SECRET: 'short', SMTP_USER: 'me' };
  const { code, named, output } = await runDoctor([], env);
  expect(code).toBe(1);
  const found = named('configuration').map((finding) => finding.found.split(':')[0]);
  for (const one of ['PORT', 'JWT_SECRET', 'SMTP_PASSWORD']) expect(found).toContain(one);
  expect(output).not.toContain('eighty');
});
