import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SQL } from 'bun';
import type { PostgresFiles } from '../machine/postgres-files.ts';
import { changeOwner, findUnprivileged } from '../machine/unprivileged.ts';
import { root } from '../paths.ts';
import { commandLineOf, identityOf } from '../processes/process-identity.ts';
import { runCommand } from '../processes/run-command.ts';
import type { ProcessSpec } from '../processes/supervised-process.ts';
import type { Secrets } from './secrets.ts';

const DATABASE = 'insightdesk';
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  log_min_messages: 'fatal',
};

interface Options {
  files: PostgresFiles;
  directory: string;
  port: number;
  secrets: Secrets;
  /** Whether the data may be lost in a crash: disables fsync. */
  disposable: boolean;
}

/** A PostgreSQL server: data directory, process, database and roles. */
export function createPostgres({ files, directory, port, secrets, disposable }: Options) {
  const { prefix, ownerId } = findUnprivileged();
  const cluster = join(directory, 'data');
  const url = (role: string, password: string, database = DATABASE) =>
    `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
  const urls = {
    admin: url('postgres', secrets.admin),
    owner: url('insightdesk_owner', secrets.owner),
    app: url('insightdesk_app', secrets.app),
    relay: url('insightdesk_relay', secrets.relay),
    identity: url('insightdesk_identity', secrets.identity),
  };
  const maintenance = url('postgres', secrets.admin, 'postgres');
  const program = (name: string): [string, ...string[]] => {
    const [first = join(files.programs, name), ...rest] = prefix;
    return prefix.length > 0 ? [first, ...rest, join(files.programs, name)] : [first];
  };
  const settings = { ...SETTINGS, ...(disposable && { fsync: 'off', full_page_writes: 'off' }) };

  const spec: ProcessSpec = {
    name: 'postgres',
    command: [
      ...program('postgres'),
      ...['-D', cluster, '-p', String(port)],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    env: { ...files.env, LC_ALL: 'C' },
    directory,
    prepare: () => removeStaleLock(cluster),
    isReady: () => canConnect(maintenance),
    ignoredLines: /starting up|shutting down|administrator command/,
    stopSignal: 'SIGINT',
    stopTimeoutMs: 15_000,
  };

  return {
    spec,
    urls,
    /** Creates the data directory, unless it is complete. */
    async initialize(): Promise<void> {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      if (!existsSync(cluster)) {
        const draft = join(directory, 'draft');
        const passwordFile = join(directory, 'password');
        rmSync(draft, { recursive: true, force: true });
        writeFileSync(passwordFile, secrets.admin, { mode: 0o600 });
        changeOwner(ownerId, directory);
        const flags = `-U postgres -A scram-sha-256 -E UTF8 --locale=C --no-sync --no-instructions`;
        await runCommand(
          [...program('initdb'), '-D', draft, `--pwfile=${passwordFile}`, ...flags.split(' ')],
          { directory, env: { ...files.env, LC_ALL: 'C' } },
        );
        rmSync(passwordFile);
        renameSync(draft, cluster);
      }
      changeOwner(ownerId, directory);
    },
    /** Creates the database, the roles and the extension, unless they exist. */
    async provision(): Promise<void> {
      await using server = new SQL(maintenance, { max: 1 });
      const [found] = await server`select from pg_database where datname = ${DATABASE}`;
      if (!found) await server.unsafe(`create database ${DATABASE}`);
      await using database = new SQL(urls.admin, { max: 1 });
      await database.unsafe(provisionSql(secrets)).simple();
    },
  };
}

const roles = ['owner', 'app', 'relay', 'identity'] as const;

/** deploy/provision.sql with its passwords as quoted literals. */
export function provisionSql(secrets: Pick<Secrets, (typeof roles)[number]>): string {
  const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const text = readFileSync(join(root, 'deploy/provision.sql'), 'utf8');
  return roles.reduce(
    (sql, role) => sql.replaceAll(`:'${role}_password'`, () => quote(secrets[role])),
    text,
  );
}

/**
 * Removes the lock file of a postmaster that has ended. After a kill -9 or a power cut its pid may be reused, or
 * belong to a zombie, and PostgreSQL would refuse to start.
 */
export function removeStaleLock(cluster: string): void {
  const lock = join(cluster, 'postmaster.pid');
  if (!existsSync(lock)) return;
  const pid = Number.parseInt(readFileSync(lock, 'utf8'), 10);
  if (!identityOf(pid) || !commandLineOf(pid).includes('postgres')) rmSync(lock);
}

async function canConnect(url: string): Promise<boolean> {
  try {
    await using sql = new SQL(url, { max: 1, connectionTimeout: 2 });
    await sql`select 1`;
    return true;
  } catch {
    return false;
  }
}
