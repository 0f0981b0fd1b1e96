import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dir, '../..');

/** The data directory of `npm start`. */
export const dataDirectory = () => resolve(root, process.env.INSIGHTDESK_DATA ?? '.data');

/** The cache of downloaded programs, shared by all clones of this user. */
export const cacheDirectory = () =>
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'insightdesk');
