import type { Config } from '@insightdesk/shared/config';
import { connect, loadMigrations } from '@insightdesk/shared/database';
import { compareClock, type Diagnostic, diagnose, runCheck } from './diagnostic.ts';

const MIN_SERVER = 160_000;
const requiredExtensions = ['vector', 'btree_gin'];
const TIMEOUT_MS = 10_000;
const PROVISION = 'run deploy/provision.sql again as a superuser: it sets the rights of every role';

interface ServerRow {
  version: string;
  number: number;
  now: Date;
  extensions: string[];
  exposed: string[];
  durable: boolean;
}

/** The server, the rights of each login, and the schema. */
export async function checkDatabase({ database }: Config): Promise<Diagnostic[]> {
  const logins = [database.url, database.relayUrl, database.identityUrl].filter((url) => !!url);
  const fix = 'see the results of connections; check DATABASE_URL';
  const checks = [
    runCheck('postgres', () => checkServer(database.url), { fix }),
    ...logins.map((url) => runCheck('role', () => checkRole(url as string), { fix })),
    runCheck('migrations', () => checkMigrations(database.migrationUrl), { fix }),
  ];
  return (await Promise.all(checks)).flat();
}

async function query<T extends object>(url: string, text: string) {
  const sql = connect(url, { timeoutMs: TIMEOUT_MS });
  try {
    await sql`select 1`;
    const askedAt = Date.now();
    const [row] = await sql.unsafe<T[]>(text);
    return { row: row as T, askedAt, answeredAt: Date.now() };
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function checkServer(url: string): Promise<Diagnostic[]> {
  const { row, ...times } = await query<ServerRow>(url, SERVER);
  const missing = requiredExtensions.filter((name) => !row.extensions.includes(name));
  const exposed = row.exposed.length > 0 && `not forced on ${row.exposed.join(', ')}`;
  return [
    diagnose(
      'postgres',
      row.version,
      row.number < MIN_SERVER && 'upgrade to PostgreSQL 16 or newer',
    ),
    compareClock('postgres clock', { theirs: row.now.getTime(), ...times }),
    diagnose(
      'extensions',
      row.extensions.join(', '),
      missing.length > 0 &&
        `create extension ${missing.join(', ')} as a superuser, then desk migrate`,
    ),
    diagnose(
      'row security',
      exposed || 'forced',
      exposed && 'alter table … enable, then force row level security',
    ),
    row.durable
      ? diagnose('durability', 'fsync and full_page_writes are on')
      : diagnose(
          'durability',
          'a power failure may corrupt the database',
          'set fsync and full_page_writes to on',
          true,
        ),
  ];
}

const SERVER = `select current_setting('server_version') as version,
  current_setting('server_version_num')::int as number,
  clock_timestamp() as now,
  current_setting('fsync')::bool and current_setting('full_page_writes')::bool as durable,
  array(select extname::text from pg_extension where extname <> 'plpgsql' order by 1) as extensions,
  array(
    select c.relname::text from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
      and not (c.relrowsecurity and c.relforcerowsecurity)
    order by 1
  ) as exposed`;

interface Role {
  name: string;
  powers: string[];
  groups: string[];
  owned: number;
}

async function checkRole(url: string): Promise<Diagnostic[]> {
  const { row } = await query<Role>(url, ROLE);
  const owned = row.owned > 0 ? [`owns ${row.owned} tables`] : [];
  const problems = [...row.powers, ...row.groups.map((group) => `is in ${group}`), ...owned];
  const found = problems.join(', ') || 'not a superuser, no BYPASSRLS, owns nothing';
  return [diagnose(`role ${row.name}`, found, problems.length > 0 && PROVISION)];
}

const ROLE = `select r.rolname::text as name,
  array_remove(array[
    case when r.rolsuper then 'is a superuser' end,
    case when r.rolbypassrls then 'bypasses row security' end,
    case when r.rolcreaterole then 'creates roles' end,
    case when r.rolcreatedb then 'creates databases' end,
    case when r.rolreplication then 'replicates' end
  ], null) as powers,
  array(select roleid::regrole::text from pg_auth_members where member = r.oid) as groups,
  (select count(*)::int from pg_class where relowner = r.oid and relkind in ('r', 'p')) as owned
from pg_roles r where r.rolname = current_user`;

async function checkMigrations(url: string | undefined): Promise<Diagnostic[]> {
  const name = 'migrations';
  if (!url) {
    const fix = 'set DATABASE_MIGRATION_URL, the login of the schema owner, to check them';
    return [diagnose(name, 'not readable with the configured logins', fix, true)];
  }
  const notApplied = (await loadMigrations(url, TIMEOUT_MS)).filter(
    ({ state }) => state !== 'applied' && state !== 'unknown',
  );
  const found =
    notApplied.map(({ name, state }) => `${name} is ${state}`).join(', ') || 'all applied';
  const fix = 'run desk migrate; desk migrate --status shows details';
  return [diagnose(name, found, notApplied.length > 0 && fix)];
}
