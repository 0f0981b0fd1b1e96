import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toUuid } from '@insightdesk/shared/contract';
import { connect, migrate } from '@insightdesk/shared/database';
import { newId } from '@insightdesk/shared/utils';
import { until } from '../../../shared/testing/until.ts';
import { requirePostgres } from '../machine/postgres-files.ts';
import { takePort } from '../processes/ports.ts';
import { createPostgres, provisionSql } from './postgres.ts';
import { loadSecrets } from './secrets.ts';

const START_MS = 120_000;
const directory = mkdtempSync(join(tmpdir(), 'insightdesk-provision-'));
const secrets = loadSecrets(join(directory, 'secrets.json'));
const port = takePort();
const url = (role: string, password: string, database = 'managed') =>
  `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
const open = (address: string) => connect(address, { timeoutMs: 10_000 });
let server: Bun.Subprocess;

// A server of its own, because roles belong to the whole server.
beforeAll(async () => {
  const files = await requirePostgres(() => {});
  const postgres = createPostgres({ files, directory, port, secrets, disposable: true });
  await postgres.initialize();
  const { command, env } = postgres.spec;
  server = Bun.spawn([...command], {
    env: { ...process.env, ...env },
    cwd: directory,
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  await until('PostgreSQL', async () => postgres.spec.isReady?.());
  const superuser = open(url('postgres', secrets.admin, 'postgres'));
  await superuser.unsafe(`create role manager login createrole password 'manager'`);
  await superuser.unsafe('create database managed owner manager');
  await superuser.end();
}, START_MS);
afterAll(async () => {
  server.kill('SIGINT');
  await server.exited;
  rmSync(directory, { recursive: true, force: true });
});

async function provisionAsManager(): Promise<void> {
  const sql = open(url('manager', 'manager'));
  try {
    await sql.unsafe(provisionSql(secrets)).simple();
  } finally {
    await sql.end();
  }
}

test('provision.sql: a role with CREATEROLE that owns the database is enough', async () => {
  await expect(provisionAsManager()).rejects.toThrow('The extension vector is missing');
  const superuser = open(url('postgres', secrets.admin));
  await superuser.unsafe('create extension vector');
  await provisionAsManager();
  await provisionAsManager();
  const roles = await superuser`
    select rolname as name, rolcanlogin as login from pg_roles
    where rolname like 'insightdesk%' and not (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)`;
  expect(roles.filter(({ login }) => login).map(({ name }) => name)).toContainAllValues([
    ...['insightdesk_app', 'insightdesk_identity', 'insightdesk_owner', 'insightdesk_relay'],
  ]);
  await superuser.end();

  const applied = await migrate({ url: url('insightdesk_owner', secrets.owner) });
  expect(applied).toBeGreaterThan(0);
  const [own, foreign] = [toUuid(newId('org')), toUuid(newId('org'))];
  const app = open(url('insightdesk_app', secrets.app));
  const countAs = (tenant: string, insert = false) =>
    app.begin(async (tx) => {
      await tx`select set_config('app.tenant_id', ${tenant}, true)`;
      if (insert) await tx`insert into organizations (id, name) values (${tenant}, 'A')`;
      return (await tx`select 1 from organizations`).length;
    });
  expect(await countAs(own, true)).toBe(1);
  expect(await countAs(foreign)).toBe(0);
  await app.end();
});

test('provision.sql: a superuser removes attributes that bypass row-level security', async () => {
  const superuser = open(url('postgres', secrets.admin));
  await superuser.unsafe('alter role insightdesk_app with bypassrls createdb');
  await expect(provisionAsManager()).rejects.toThrow('permission denied to alter role');
  await superuser.unsafe(provisionSql(secrets)).simple();
  const [role] = await superuser`
    select rolbypassrls or rolcreatedb as unsafe from pg_roles where rolname = 'insightdesk_app'`;
  expect(role?.unsafe).toBe(false);
  await superuser.end();
});
