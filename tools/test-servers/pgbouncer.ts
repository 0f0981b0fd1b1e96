import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Tool } from '../stack/machine/toolchain.ts';
import { changeOwner, findUnprivileged } from '../stack/machine/unprivileged.ts';
import { isListening } from '../stack/processes/ports.ts';
import type { ProcessSpec } from '../stack/processes/supervised-process.ts';
import { writeFileAtomically } from '../stack/write-file.ts';
import { root } from '../verify/run.ts';

interface Options {
  tool: Tool;
  directory: string;
  port: number;
  /** URL of PostgreSQL with the login that PgBouncer accepts. */
  url: string;
  /** Maximum number of connections to PostgreSQL. */
  connections: number;
  /** Statement timeout. */
  timeoutMs: number;
}

/** PgBouncer with the script of the compose file, not run as root. */
export function createPgbouncer({
  tool,
  directory,
  port,
  url,
  connections,
  timeoutMs,
}: Options): ProcessSpec {
  const { prefix, ownerId } = findUnprivileged();
  const { hostname, port: serverPort, username, password } = new URL(url);
  const script = join(root, 'deploy/containers/pgbouncer.sh');
  const users = join(directory, 'userlist.txt');
  const [program = 'sh', ...args] = [...prefix, 'sh', script];
  return {
    name: 'pgbouncer',
    command: [program, ...args],
    env: {
      ...tool.env,
      PGBOUNCER: tool.path,
      CONFIG: join(directory, 'pgbouncer.ini'),
      USERS: users,
      LISTEN_ADDRESS: '127.0.0.1',
      LISTEN_PORT: `${port}`,
      POSTGRES_HOST: hostname,
      POSTGRES_PORT: serverPort || '5432',
      POOLER_CONNECTIONS: `${connections}`,
      DATABASE_TIMEOUT: `${timeoutMs}`,
    },
    directory,
    prepare() {
      mkdirSync(directory, { recursive: true });
      writeFileAtomically(users, `"${username}" "${decodeURIComponent(password)}"\n`);
      changeOwner(ownerId, directory);
    },
    isReady: () => isListening(port),
  };
}
