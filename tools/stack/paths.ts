import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dir, '../..');

/** Where the state of `npm start` lives. */
export const dataDirectory = () => resolve(root, process.env.INSIGHTDESK_DATA ?? '.data');

/** Programs that were fetched once, for every clone and test run of this user. */
export const cacheDirectory = () =>
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'insightdesk');
