import { parseArgs } from 'node:util';
import { loadMigrations, type Migration, migrate } from '@insightdesk/shared/database';
import { runAsOperator } from './operator.ts';

const USAGE = `Usage: desk migrate [--lock-timeout <seconds>]
       desk migrate --status    which migrations the database has; exit code 1 unless all are applied
       desk migrate --dry-run   the statements that would run`;

/** Migrates as the schema owner, or prints what it would do. */
export async function migrateDatabase(words: string[]): Promise<number> {
  const wanted = parseOptions(words);
  if (!wanted) {
    console.error(USAGE);
    return 2;
  }
  const { status, isDry, lockTimeoutMs } = wanted;
  if (status) return printStatus(await loadMigrations(await findReadableUrl()));
  if (isDry) return printStatements(await loadMigrations(await findReadableUrl()));
  const url = process.env.DATABASE_MIGRATION_URL;
  if (!url) {
    throw new Error(
      'DATABASE_MIGRATION_URL is not set: the URL of the schema owner, insightdesk_owner. ' +
        'npm start migrates by itself.',
    );
  }
  await migrate({ url, lockTimeoutMs, log: (line) => console.log(line) });
  return 0;
}

/** The owner's login, or that of the relay, which may read which migrations are applied. */
async function findReadableUrl(): Promise<string> {
  const own = process.env.DATABASE_MIGRATION_URL;
  if (own) return own;
  const { migrationUrl, relayUrl } = await runAsOperator(async ({ config }) => config.database);
  const url = migrationUrl ?? relayUrl;
  if (!url) throw new Error('Neither DATABASE_MIGRATION_URL nor DATABASE_RELAY_URL is set');
  return url;
}

function parseOptions(args: string[]) {
  const flag = { type: 'boolean', default: false } as const;
  const options = {
    status: flag,
    'dry-run': flag,
    'lock-timeout': { type: 'string', default: '10' },
  } as const;
  try {
    const { values } = parseArgs({ args, options });
    const { status, 'dry-run': isDry, 'lock-timeout': seconds } = values;
    if ((status && isDry) || !/^[1-9]\d{0,2}$/.test(seconds)) return undefined;
    return { status, isDry, lockTimeoutMs: Number(seconds) * 1000 };
  } catch {
    return undefined;
  }
}

const descriptions: Record<Migration['state'], string> = {
  applied: 'applied',
  pending: 'PENDING  desk migrate applies it',
  skipped: 'SKIPPED  older than the newest applied one; it is never applied automatically',
  changed: 'CHANGED  the file differs from what was applied',
  unknown: 'applied  by a newer release than this one',
};

function printStatus(migrations: Migration[]): number {
  for (const { name, state } of migrations)
    console.log(`${name.padEnd(36)} ${descriptions[state]}`);
  const count = (state: Migration['state']) =>
    migrations.filter((migration) => migration.state === state).length;
  const problems = count('skipped') + count('changed');
  console.log(
    `${count('pending')} pending, ${problems} with problems, ${migrations.length} in total`,
  );
  return count('pending') + problems === 0 ? 0 : 1;
}

function printStatements(migrations: Migration[]): number {
  const pending = migrations.filter(({ state }) => state === 'pending');
  for (const { name, statements } of pending) {
    console.log(`-- ${name}`);
    for (const statement of statements) console.log(`${statement.trim()}\n`);
  }
  console.log(`-- ${pending.length} would be applied, in one transaction; nothing was changed`);
  return 0;
}
