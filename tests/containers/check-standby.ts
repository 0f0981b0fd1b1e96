import { until } from '../../shared/testing/until.ts';

const patient = { intervalMs: 250, ignoreErrors: true };

type Compose = (...words: string[]) => Promise<string>;

/**
 * Writes, finds it on the replica, in a backup and nowhere else: PostgreSQL's volume is thrown away and
 * made of the backup. Throws when something of it is not so; leaves everything running.
 */
export async function checkStandby(compose: Compose): Promise<void> {
  const ask = async (server: string, query: string) => {
    const words = ['psql', '-U', 'postgres', '-d', 'insightdesk', '-Atqc', query];
    return (await compose('exec', '-T', server, ...words)).trim();
  };
  const mark = `mark ${Date.now()}`;
  await ask('postgres', `create table mark as select '${mark}'::text as said`);
  await until('the replica to follow', () => ask('replica', 'table mark'), {
    ...patient,
    equals: mark,
  });
  const isFollowing = await ask('replica', 'select pg_is_in_recovery()');
  if (isFollowing !== 't') throw new Error('The replica is a server of its own');
  const slot = await ask('postgres', `select active from pg_replication_slots`);
  if (slot !== 't') throw new Error(`The replica's slot is ${slot || 'not there'}`);

  await compose('restart', 'backup');
  const names = async () => (await compose('run', '--rm', '-T', 'restore')).trim().split(/\s+/);
  const before = await names();
  const newest = async () => (await names()).toSorted().at(-1) ?? '';
  await until('another backup', async () => !before.includes(await newest()), patient);
  const name = await newest();
  const conversations = await ask('postgres', 'select count(*) from conversations');

  await refuses(compose, name);
  await ask('postgres', 'drop table mark');
  await compose('stop');
  await compose('rm', '--force', 'postgres');
  await emptied(compose);
  await compose('run', '--rm', '-T', 'restore', name);
  await compose('up', '--detach', '--wait', '--scale', 'replica=0');
  if ((await ask('postgres', 'table mark')) !== mark) throw new Error('The backup has lost a row');
  const restored = await ask('postgres', 'select count(*) from conversations');
  if (restored !== conversations) throw new Error(`${restored} conversations of ${conversations}`);
}

/** A database that is there is not written over. */
async function refuses(compose: Compose, name: string): Promise<void> {
  const outcome = await compose('run', '--rm', '-T', 'restore', name).catch(String);
  if (!/has a database in it/.test(outcome)) throw new Error(`It was restored over: ${outcome}`);
}

async function emptied(compose: Compose): Promise<void> {
  const empty = 'find "$PGDATA" -mindepth 1 -delete';
  await compose('run', '--rm', '-T', '--entrypoint', 'bash', 'restore', '-c', empty);
}
