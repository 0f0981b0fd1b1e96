import { until } from '../../shared/testing/until.ts';

const POLLING = { intervalMs: 250, ignoreErrors: true };

type Compose = (...args: string[]) => Promise<string>;

/**
 * Checks that a row reaches the replica, and that a backup restores it into an empty volume. Throws otherwise. All
 * services run afterwards.
 */
export async function checkStandby(compose: Compose): Promise<void> {
  const runQuery = async (server: string, query: string) => {
    const command = ['psql', '-U', 'postgres', '-d', 'insightdesk', '-Atqc', query];
    return (await compose('exec', '-T', server, ...command)).trim();
  };
  const marker = `marker ${Date.now()}`;
  await runQuery('postgres', `create table marker as select '${marker}'::text as value`);
  await until('the replica to follow', () => runQuery('replica', 'table marker'), {
    ...POLLING,
    equals: marker,
  });
  const isFollowing = await runQuery('replica', 'select pg_is_in_recovery()');
  if (isFollowing !== 't') throw new Error('The replica is not in recovery mode');
  const slot = await runQuery('postgres', `select active from pg_replication_slots`);
  if (slot !== 't')
    throw new Error(`The replication slot is ${slot === 'f' ? 'inactive' : 'missing'}`);

  await compose('restart', 'backup');
  const listBackups = async () =>
    (await compose('run', '--rm', '-T', 'restore')).trim().split(/\s+/);
  const before = await listBackups();
  const newest = async () => (await listBackups()).toSorted().at(-1) ?? '';
  await until('another backup', async () => !before.includes(await newest()), POLLING);
  const name = await newest();
  const conversations = await runQuery('postgres', 'select count(*) from conversations');

  await expectRefusal(compose, name);
  await runQuery('postgres', 'drop table marker');
  await compose('stop');
  await compose('rm', '--force', 'postgres');
  await emptyVolume(compose);
  await compose('run', '--rm', '-T', 'restore', name);
  await compose('up', '--detach', '--wait', '--scale', 'replica=0');
  if ((await runQuery('postgres', 'table marker')) !== marker)
    throw new Error('A row is missing in the backup');
  const restored = await runQuery('postgres', 'select count(*) from conversations');
  if (restored !== conversations)
    throw new Error(`Restored ${restored} of ${conversations} conversations`);
}

/** Throws unless restore.sh refuses to overwrite a database. */
async function expectRefusal(compose: Compose, name: string): Promise<void> {
  const outcome = await compose('run', '--rm', '-T', 'restore', name).catch(String);
  if (!/contains a database/.test(outcome))
    throw new Error(`The restore has overwritten a database: ${outcome}`);
}

async function emptyVolume(compose: Compose): Promise<void> {
  const empty = 'find "$PGDATA" -mindepth 1 -delete';
  await compose('run', '--rm', '-T', '--entrypoint', 'bash', 'restore', '-c', empty);
}
