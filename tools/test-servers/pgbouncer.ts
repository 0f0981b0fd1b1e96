import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Tool } from '../stack/machine/toolchain.ts';
import { findUnprivileged, giveTo } from '../stack/machine/unprivileged.ts';
import { answers } from '../stack/processes/ports.ts';
import type { ProcessSpec } from '../stack/processes/supervised-process.ts';
import { writeFileAtomically } from '../stack/write-file.ts';
import { root } from '../verify/run.ts';

interface Options {
  tool: Tool;
  directory: string;
  port: number;
  /** Of the server, as a login that the pooler is to know. */
  url: string;
  /** Connections to the server, and how long a statement may take there. */
  connections: number;
  timeoutMs: number;
}

/** PgBouncer as the compose file runs it, as a plain user. */
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
  const [first = 'sh', ...words] = [...prefix, 'sh', script];
  return {
    name: 'pgbouncer',
    command: [first, ...words],
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
      giveTo(ownerId, directory);
    },
    isReady: () => answers(port),
  };
}
