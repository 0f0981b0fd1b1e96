import { ConfigurationError } from '@insightdesk/shared/errors';

/** The address of a server, the login, and the settings of every session. */
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

/** Parses a PostgreSQL URL; its query may have `sslmode` and `host` (a directory). */
export function parseTarget(url: string, settings: Target['settings']): Target {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const mode = searchParams.get('sslmode') ?? searchParams.get('ssl') ?? 'disable';
  const tls = modes[mode === 'true' ? 'require' : mode];
  if (tls === undefined) throw new ConfigurationError(`Unknown sslmode ${mode}`);
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
