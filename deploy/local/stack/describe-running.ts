import { join } from 'node:path';
import { dataDirectory } from '../paths.ts';
import { loadSecrets } from '../servers/secrets.ts';
import { findRunFile } from './run-file.ts';

/** Where the running stack of this clone keeps its data, in the services' own variables. */
export function describeRunning(): { DATABASE_URL: string; VALKEY_URL: string } {
  const directory = dataDirectory();
  const run = findRunFile(directory);
  if (!run) throw new Error('DATABASE_URL is not set, and no stack of this clone is running');
  const { app } = loadSecrets(join(directory, 'secrets.json'));
  const database = Object.assign(new URL(run.postgres), {
    username: 'insightdesk_app',
    password: app,
  });
  return { DATABASE_URL: database.href, VALKEY_URL: run.valkey };
}
