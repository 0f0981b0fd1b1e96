import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@insightdesk/shared/database';
import { testEnvironment } from '@insightdesk/shared/testing';
import { runDesk } from './test-command.ts';

const folder = join(import.meta.dir, '../../shared/connections/database/migrations');
const journal: { entries: { tag: string; when: number }[] } = JSON.parse(
  readFileSync(join(folder, 'meta/_journal.json'), 'utf8'),
);
const all = journal.entries.length;
const last = journal.entries.at(-1);
const name = `migrate_${crypto.randomUUID().replaceAll('-', '')}`;
const at = (url: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href;
const open = (url: string) => connect(url, { timeoutMs: 30_000 });
const server = open(testEnvironment.adminUrl);
const owner = open(at(testEnvironment.migrationUrl));
const desk = (...words: string[]) =>
  runDesk(['migrate', ...words], {
    ...process.env,
    DATABASE_MIGRATION_URL: at(testEnvironment.migrationUrl),
  });
const tables = () =>
  owner`select schemaname from pg_tables where schemaname in ('public', 'drizzle')`;

beforeAll(async () => {
  await server.unsafe(`create database ${name} owner insightdesk_owner`);
  const admin = open(at(testEnvironment.adminUrl));
  await admin.unsafe('create extension vector');
  await admin.end();
});
afterAll(async () => {
  await owner.end();
  await server.unsafe(`drop database ${name} with (force)`);
  await server.end();
});

test('migrate --status and --dry-run leave an empty database unchanged', async () => {
  const status = await desk('--status');
  expect(status.output).toContain(`${last?.tag}`);
  expect(status.output).toContain(`${all} pending, 0 with problems, ${all} in total`);
  expect(status.code).toBe(1);
  const dry = await desk('--dry-run');
  expect(dry.output).toMatch(/CREATE TABLE "organizations"/i);
  expect(dry.output).toContain(`-- ${all} would be applied`);
  expect(dry.code).toBe(0);
  expect(await tables()).toHaveLength(0);
});

test('migrate fails at the lock timeout and changes nothing', async () => {
  const other = open(at(testEnvironment.migrationUrl));
  const locked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const holding = other.begin(async (tx) => {
    await tx`create table organizations ()`;
    locked.resolve();
    await release.promise;
    await tx`drop table organizations`;
  });
  await locked.promise;
  const blocked = await desk('--lock-timeout', '1');
  release.resolve();
  await holding;
  await other.end();
  expect(blocked.errors).toContain(
    'Timed out after 1 s waiting for a table lock; nothing was changed',
  );
  expect(blocked.code).toBe(1);
  expect((await desk('--status')).output).toContain(`${all} pending, 0 with problems`);
});

test('four concurrent migrations apply each migration once and all succeed', async () => {
  const ended = await Promise.all(Array.from({ length: 4 }, () => desk()));
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  const said = ended.map(({ output }) => output.trim()).toSorted();
  const idle = `migrations: 0 applied, ${all} in total`;
  expect(said).toEqual([
    ...Array.from({ length: 3 }, () => idle),
    `migrations: ${all} applied, ${all} in total`,
  ]);
  const [row] = await owner`select count(*)::int as count from drizzle.__drizzle_migrations`;
  expect(row?.count).toBe(all);
  const status = await desk('--status');
  expect(status.output).toContain(`0 pending, 0 with problems, ${all} in total`);
  expect(status.code).toBe(0);
  const asRelay = { DATABASE_RELAY_URL: at(testEnvironment.relayUrl) };
  expect(await runDesk(['migrate', '--status'], { ...process.env, ...asRelay })).toEqual(status);
});

test('--status names migrations that are skipped, changed or of a newer release', async () => {
  const [first] = journal.entries;
  const [applied] = await owner`delete from drizzle.__drizzle_migrations
    where created_at = ${first?.when ?? 0} returning hash, created_at`;
  await owner`insert into drizzle.__drizzle_migrations (hash, created_at)
    values ('newer', ${Date.now()})`;
  const skipped = await desk('--status');
  expect(skipped.output).toMatch(new RegExp(`${first?.tag} +SKIPPED`));
  expect(skipped.output).toContain('by a newer release');
  expect(skipped.code).toBe(1);
  await owner`insert into drizzle.__drizzle_migrations ${owner({ ...applied, hash: 'other' })}`;
  const changed = await desk('--status');
  expect(changed.output).toMatch(new RegExp(`${first?.tag} +CHANGED`));
  expect(changed.code).toBe(1);
});
