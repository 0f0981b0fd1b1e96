import { ConfigurationError } from '@insightdesk/shared/errors';

/** Where a server is, who calls, and what every session starts with. */
export interface Target {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  tls: false | 'prefer' | 'require' | 'verify';
  settings: Record<string, string | number>;
}

const modes: Record<string, Target['tls']> = {
  disable: false,
  allow: 'prefer',
  prefer: 'prefer',
  require: 'require',
  'verify-ca': 'verify',
  'verify-full': 'verify',
};

/** Reads a PostgreSQL address; `sslmode` and `host` (a directory) may stand in its query. */
export function readTarget(url: string, settings: Target['settings']): Target {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const mode = searchParams.get('sslmode') ?? searchParams.get('ssl') ?? 'disable';
  const tls = modes[mode === 'true' ? 'require' : mode];
  if (tls === undefined) throw new ConfigurationError(`PostgreSQL has no sslmode ${mode}`);
  const user = decodeURIComponent(username);
  return {
    host: searchParams.get('host') ?? hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 5432),
    user,
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)) || user,
    tls,
    settings,
  };
}
