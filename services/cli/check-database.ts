import type { Config } from '@insightdesk/shared/config';
import { connect, readMigrations } from '@insightdesk/shared/database';
import { type Finding, judgeClock, look } from './diagnostic.ts';

const OLDEST_SERVER = 160_000;
const needed = ['vector', 'btree_gin'];
const TIMEOUT_MS = 10_000;
const PROVISION = 'run deploy/provision.sql again as a superuser: it sets the rights of every role';

interface Seen {
  version: string;
  number: number;
  now: Date;
  extensions: string[];
  exposed: string[];
  durable: boolean;
}

/** The server, the rights of each login, and the schema. */
export async function checkDatabase({ database }: Config): Promise<Finding[]> {
  const logins = [database.url, database.relayUrl, database.identityUrl].filter((url) => !!url);
  const fix = 'see the findings of connections; DATABASE_URL names the server';
  const looks = [
    look('postgres', () => checkServer(database.url), { fix }),
    ...logins.map((url) => look('role', () => checkRole(url as string), { fix })),
    look('migrations', () => checkMigrations(database.migrationUrl), { fix }),
  ];
  return (await Promise.all(looks)).flat();
}

async function ask<T extends object>(url: string, text: string) {
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

async function checkServer(url: string): Promise<Finding[]> {
  const { row, ...times } = await ask<Seen>(url, SERVER);
  const missing = needed.filter((name) => !row.extensions.includes(name));
  return [
    {
      name: 'postgres',
      found: row.version,
      ...(row.number < OLDEST_SERVER && { fix: 'upgrade to PostgreSQL 16 or newer' }),
    },
    judgeClock('postgres clock', { theirs: row.now.getTime(), ...times }),
    {
      name: 'extensions',
      found: row.extensions.join(', '),
      ...(missing.length > 0 && {
        fix: `create extension ${missing.join(', ')} as a superuser, then desk migrate`,
      }),
    },
    {
      name: 'row security',
      found: row.exposed.length > 0 ? `not forced on ${row.exposed.join(', ')}` : 'forced',
      ...(row.exposed.length > 0 && { fix: 'alter table … enable, then force row level security' }),
    },
    {
      name: 'durability',
      found: row.durable
        ? 'fsync and full_page_writes are on'
        : 'a power cut may lose the database',
      ...(!row.durable && { fix: 'set fsync and full_page_writes to on', isWarning: true }),
    },
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

async function checkRole(url: string): Promise<Finding[]> {
  const { row } = await ask<Role>(url, ROLE);
  const owned = row.owned > 0 ? [`owns ${row.owned} tables`] : [];
  const faults = [...row.powers, ...row.groups.map((group) => `is in ${group}`), ...owned];
  const found =
    faults.length > 0 ? faults.join(', ') : 'no superuser, bypasses nothing, owns nothing';
  return [{ name: `role ${row.name}`, found, ...(faults.length > 0 && { fix: PROVISION }) }];
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

async function checkMigrations(url: string | undefined): Promise<Finding[]> {
  const name = 'migrations';
  if (!url) {
    const fix =
      'give DATABASE_MIGRATION_URL, the login of the schema owner, to have them looked at';
    return [{ name, found: 'cannot be seen with the logins given', fix, isWarning: true }];
  }
  const wrong = (await readMigrations(url, TIMEOUT_MS)).filter(
    ({ state }) => state !== 'applied' && state !== 'unknown',
  );
  const found = wrong.map(({ name, state }) => `${name} is ${state}`).join(', ') || 'all applied';
  const fix = 'bun run desk migrate; bun run desk migrate --status tells more';
  return [{ name, found, ...(wrong.length > 0 && { fix }) }];
}
